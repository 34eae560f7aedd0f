import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentile, summarise } from "./percentiles.ts";

describe("percentile", () => {
  it("is the nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
    expect([percentile(hundred, 0.5), percentile(hundred, 0.95), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([50, 95, 99, 100]);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });

  it("has at least the share at or below it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const found = percentile(values.toSorted((a, b) => a - b), share) ?? 0;
        expect(values.filter((value) => value <= found).length / values.length).toBeGreaterThanOrEqual(share);
      }),
    );
  });
});

describe("summarise", () => {
  it("sorts first, and says nothing of nothing", () => {
    expect(summarise([3, 1, 2])).toEqual({ p50Ms: 2, p95Ms: 3, p99Ms: 3, maxMs: 3 });
    expect(summarise([])).toBeNull();
  });
});
