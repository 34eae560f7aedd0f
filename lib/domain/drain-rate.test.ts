import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutFactor, effectiveRate, FACTOR_FLOOR, leaseStep, recoveredFactor, rescaleTat } from "./drain-rate.ts";

const rate = fc.double({ min: 1, max: 10_000, noNaN: true });

/** Asks for leases at given times; @returns the granted ones by their start. */
function run(asks: readonly { waitMs: number; cost: number }[], rateWcuPerSecond: number, leadMs: number) {
  let tatMs = 0;
  let nowMs = 0;
  const granted: { startMs: number; cost: number }[] = [];
  for (const { waitMs, cost } of asks) {
    nowMs += waitMs;
    const step = leaseStep({ tatMs, nowMs, costWriteUnits: cost, rateWcuPerSecond, leadMs });
    tatMs = step.tatMs;
    if (step.granted) granted.push({ startMs: step.startMs, cost });
  }
  return granted;
}

describe("leases", () => {
  test("over any second no more starts than the rate and one lease", () => {
    const asks = fc.array(fc.record({ waitMs: fc.double({ min: 0, max: 300, noNaN: true }), cost: fc.integer({ min: 0, max: 64 }) }), { maxLength: 200 });
    fc.assert(
      fc.property(asks, rate, fc.integer({ min: 0, max: 500 }), (asked, wcu, leadMs) => {
        const granted = run(asked, wcu, leadMs);
        const largest = Math.max(0, ...granted.map(({ cost }) => cost));
        for (const { startMs } of granted) {
          const units = granted.filter((one) => one.startMs >= startMs && one.startMs < startMs + 1000).reduce((sum, { cost }) => sum + cost, 0);
          expect(units).toBeLessThanOrEqual(wcu + largest + 1e-6 * wcu);
        }
      }),
    );
  });

  test("one who keeps asking gets the whole rate", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 64 }), (wcu, cost) => {
        const asks = Array.from({ length: 3_000 }, () => ({ waitMs: 5, cost }));
        const units = run(asks, wcu, 100).reduce((sum, one) => sum + one.cost, 0);
        // No more than one lease is granted an ask.
        expect(units).toBeGreaterThanOrEqual(Math.min(wcu * 15, cost * 3_000) * 0.99 - cost);
      }),
      { numRuns: 30 },
    );
  });

  test("starts follow each other and never lie further ahead than the lead", () => {
    fc.assert(
      fc.property(rate, fc.double({ min: 0, max: 5_000, noNaN: true }), fc.integer({ min: 0, max: 500 }), (wcu, tatMs, leadMs) => {
        const step = leaseStep({ tatMs, nowMs: 1_000, costWriteUnits: 5, rateWcuPerSecond: wcu, leadMs });
        if (step.granted) {
          expect(step.startMs).toBeGreaterThanOrEqual(1_000);
          expect(step.startMs).toBeLessThanOrEqual(1_000 + leadMs);
        } else {
          const later = leaseStep({ tatMs, nowMs: 1_000 + step.retryInMs + 1e-6, costWriteUnits: 5, rateWcuPerSecond: wcu, leadMs });
          expect(later.granted).toBe(true);
        }
      }),
    );
  });
});

describe("the rate in force", () => {
  test("is the dial, under the guard, times the factor", () => {
    expect(effectiveRate({ rateWcuPerSecond: 150, capacityShare: 0.9, provisionedWcu: 200, factor: 1 })).toBe(150);
    expect(effectiveRate({ rateWcuPerSecond: 1_000, capacityShare: 0.9, provisionedWcu: 200, factor: 0.5 })).toBe(90);
    expect(effectiveRate({ rateWcuPerSecond: 1_000, capacityShare: 0.9, provisionedWcu: null, factor: 1 })).toBe(1_000);
  });

  test("a cut never goes under the floor, and time brings the whole rate back", () => {
    fc.assert(
      fc.property(fc.double({ min: FACTOR_FLOOR, max: 1, noNaN: true }), (factor) => {
        expect(cutFactor(factor)).toBeGreaterThanOrEqual(FACTOR_FLOOR);
        expect(cutFactor(factor)).toBeLessThanOrEqual(factor);
        expect(recoveredFactor(factor, 60_000)).toBe(1);
        expect(recoveredFactor(factor, 1_000)).toBeGreaterThanOrEqual(factor);
      }),
    );
  });

  test("a change keeps the units that are spent ahead, not their time", () => {
    expect(rescaleTat({ tatMs: 5_000, nowMs: 1_000, fromRate: 10, toRate: 1_000 })).toBe(1_040);
    expect(rescaleTat({ tatMs: 500, nowMs: 1_000, fromRate: 10, toRate: 1_000 })).toBe(1_000);
  });
});
