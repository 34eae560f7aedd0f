import fc from "fast-check";
import { expect, it } from "vitest";
import { mostReadUnits } from "#lib/domain/read-cost.ts";
import { leastPart, rateOf, turnMs } from "#lib/domain/read-part.ts";

const ITEM = mostReadUnits(1);
const share = fc.double({ min: 0.01, max: 0.9, noNaN: true });
const perSecond = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 40_000 }));
/** Parts of one whole, some of it in nobody's hands. */
const parts = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }).chain((weights) =>
  fc.double({ min: 0.01, max: 1, noNaN: true }).map((whole) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => (whole * weight) / sum);
  }),
);
const sumOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0);

it("parts of one whole spend in any second no more than is provisioned, or one largest item beyond the share", () => {
  fc.assert(
    fc.property(fc.record({ share, perSecond }), fc.oneof(parts, fc.constant([1])), (budget, held) => {
      const rates = held.map((part) => rateOf({ part, ...budget }));
      const rate = sumOf(rates.map(({ unitsPerSecond }) => unitsPerSecond));
      const burst = sumOf(rates.map(({ burstUnits }) => burstUnits));
      const beyond = (1 - budget.share) * budget.perSecond;
      expect(rate).toBeLessThanOrEqual(budget.share * budget.perSecond + 1e-6);
      expect(burst).toBeLessThanOrEqual(Math.max(beyond, ITEM) + 1e-6);
      // The span over which no more than is provisioned is spent, on any table.
      const seconds = Math.max(1, ITEM / beyond);
      expect(rate * seconds + burst).toBeLessThanOrEqual(budget.perSecond * seconds + 1e-6);
    }),
    { numRuns: 1_000 },
  );
});

it("as many equal parts as a table serves at a time can each read the largest item, one more cannot", () => {
  fc.assert(
    fc.property(fc.record({ share, perSecond }), (budget) => {
      const places = Math.floor(1 / leastPart(budget) + 1e-9);
      expect(places).toBeGreaterThanOrEqual(1);
      expect(rateOf({ part: 1 / places, ...budget }).burstUnits).toBeGreaterThanOrEqual(ITEM);
      expect(rateOf({ part: (1 - 1e-6) / (places + 1), ...budget })).toEqual({ unitsPerSecond: 0, burstUnits: 0 });
      // A turn is long enough to gather the units of one.
      expect((turnMs(budget) / 1000) * rateOf({ part: 1 / places, ...budget }).unitsPerSecond).toBeGreaterThan(ITEM);
    }),
  );
});

it("is half a second's worth of the rate where that holds an item, and the item where it does not", () => {
  expect(rateOf({ part: 0.5, share: 0.5, perSecond: 200 })).toEqual({ unitsPerSecond: 50, burstUnits: 25 });
  expect(rateOf({ part: 0.25, share: 0.9, perSecond: 1_000 })).toEqual({ unitsPerSecond: 225, burstUnits: expect.closeTo(25) as number });
  expect(rateOf({ part: 1, share: 0.5, perSecond: 20 })).toEqual({ unitsPerSecond: 10, burstUnits: ITEM });
  expect([leastPart({ share: 0.5, perSecond: 20 }), leastPart({ share: 0.5, perSecond: 1 }), turnMs({ share: 0.5, perSecond: 20 })]).toEqual([0.85, 1, 3_000]);
});
