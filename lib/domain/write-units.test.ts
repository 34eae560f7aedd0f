import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { itemBytes, writeUnits } from "#lib/domain/write-units.ts";

describe("write units", () => {
  it("round up to the next kilobyte and are never zero", () => {
    expect([0, 1, 512, 1024, 1025, 2048, 65_536, 65_537].map(writeUnits)).toEqual([1, 1, 1, 1, 2, 2, 64, 65]);
  });

  it("count UTF-8 bytes of names and strings", () => {
    expect(itemBytes({ id: "abc" })).toBe(5);
    expect(itemBytes({ id: "한국" })).toBe(2 + 6);
    expect(itemBytes({ id: "👋", gone: undefined })).toBe(2 + 4);
  });

  it("count a number as a byte for two significant digits, plus one", () => {
    expect(itemBytes({ n: 7 })).toBe(1 + 2);
    expect(itemBytes({ n: 1_700_000_001 })).toBe(1 + 6);
    expect(itemBytes({ n: 1_700_000_000 })).toBe(1 + 2);
    expect(itemBytes({ n: -12 })).toBe(1 + 3);
  });

  it("never fall when a string grows", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, more) => {
        expect(itemBytes({ a: `${text} ${more}` })).toBeGreaterThanOrEqual(itemBytes({ a: `${text} ` }));
      }),
    );
  });
});
