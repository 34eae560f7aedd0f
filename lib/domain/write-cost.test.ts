import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createWriteCost } from "./write-cost.ts";

/** Learns from batches of items of the given sizes, charged by `charge`. */
function learned(batches: readonly (readonly number[])[], charge: (units: number) => number) {
  const cost = createWriteCost();
  for (const units of batches) {
    cost.learn({ writeUnits: sum(units), items: units.length, chargedWriteUnits: sum(units.map(charge)) });
  }
  return cost;
}
const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);
const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 25 }), { minLength: 60, maxLength: 120 });

describe("the cost of a write", () => {
  test("is its size, as long as the table charges no more", () => {
    const cost = createWriteCost();
    expect(cost.estimate({ writeUnits: 7, items: 3 })).toBe(7);
    expect(cost.timesSize()).toBe(1);
    fc.assert(
      fc.property(sizes, (batches) => {
        const after = learned(batches, (units) => units);
        expect(after.estimate({ writeUnits: 10, items: 4 })).toBeCloseTo(10, 6);
      }),
      { numRuns: 30 },
    );
  });

  test("of a table with indexes is learned: those that project everything, and those that project keys", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), (batches, whole, keysOnly) => {
        fc.pre(new Set(batches.flat()).size > 5);
        const charge = (units: number) => units * (1 + whole) + keysOnly;
        const cost = learned(batches, charge);
        // One unit among large items shows least; whatever is missed goes into the next lease.
        expect(cost.estimate({ writeUnits: 1, items: 1 }) / charge(1)).toBeGreaterThan(0.4);
        for (const units of [16, 64]) expect(cost.estimate({ writeUnits: units, items: 1 }) / charge(units)).toBeGreaterThan(0.85);
        expect(cost.estimate({ writeUnits: 200, items: 10 }) / (200 * (1 + whole) + 10 * keysOnly)).toBeCloseTo(1, 1);
      }),
      { numRuns: 100 },
    );
  });

  test("converges within a few batches, also where all items are of one size", () => {
    const cost = learned(Array.from({ length: 20 }, () => [1, 1, 1, 1, 1, 1]), (units) => units * 2);
    expect(cost.estimate({ writeUnits: 6, items: 6 })).toBeGreaterThan(11.5);
    expect(cost.estimate({ writeUnits: 6, items: 6 })).toBeLessThanOrEqual(12.001);
    expect(cost.timesSize()).toBeCloseTo(2, 1);
  });

  test("follows an index that is taken away", () => {
    const cost = learned(Array.from({ length: 100 }, () => [1, 2, 3]), (units) => units * 3);
    for (let batch = 0; batch < 600; batch += 1) cost.learn({ writeUnits: 6, items: 3, chargedWriteUnits: 6 });
    expect(cost.estimate({ writeUnits: 6, items: 3 })).toBeLessThan(6.6);
  });

  test("ignores what says nothing", () => {
    const cost = createWriteCost();
    cost.learn({ writeUnits: 0, items: 0, chargedWriteUnits: 50 });
    cost.learn({ writeUnits: 5, items: 5, chargedWriteUnits: Number.NaN });
    expect(cost.estimate({ writeUnits: 5, items: 5 })).toBe(5);
  });
});
