import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReadBucket, type Reservation } from "#lib/domain/read-bucket.ts";
import { itemsWithin, mostReadUnits } from "#lib/domain/read-cost.ts";

function world() {
  let nowMs = 0;
  const bucket = createReadBucket({ now: () => nowMs });
  return {
    bucket,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("what a Query can cost", () => {
  it("is half a unit for each 4 KB of the largest items, and bounded by the page of 1 MB", () => {
    expect(mostReadUnits(1)).toBe(8.5);
    expect(mostReadUnits(10)).toBe(81.5);
    expect(mostReadUnits(500)).toBe(mostReadUnits(17));
    expect(mostReadUnits(500)).toBeLessThan(137);
  });

  it("is never more than what it was sized for, and the size is the largest that fits", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200, noNaN: true }), (units) => {
        const items = itemsWithin(units);
        if (items > 0) expect(mostReadUnits(items)).toBeLessThanOrEqual(units);
        if (Number.isFinite(items)) expect(mostReadUnits(items + 1)).toBeGreaterThan(units);
      }),
    );
  });
});

describe("a bucket of read units", () => {
  it("spends at most its rate and its burst over any span, however long Queries take and whatever they cost", () => {
    const step = fc.record({ afterMs: fc.nat(400), wanted: fc.integer({ min: 1, max: 60 }), share: fc.double({ min: 0, max: 1, noNaN: true }), tookSteps: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 9, max: 400 }), fc.double({ min: 0.2, max: 1, noNaN: true }), (steps, burstUnits, smaller) => {
        const { bucket, pass } = world();
        const full = { unitsPerSecond: burstUnits * 2, burstUnits };
        bucket.setRate(full);
        let atMs = 0;
        const spends: { atMs: number; units: number }[] = [];
        const open: { due: number; reservation: Reservation; units: number }[] = [];
        for (const [position, { afterMs, wanted, share, tookSteps }] of steps.entries()) {
          pass(afterMs);
          atMs += afterMs;
          // Parts come and go meanwhile.
          if (position % 7 === 3) bucket.setRate({ unitsPerSecond: full.unitsPerSecond * smaller, burstUnits: burstUnits * smaller });
          if (position % 7 === 6) bucket.setRate(full);
          for (const { reservation, units } of open.filter(({ due }) => due === position)) bucket.settle(reservation, units);
          const reservation = bucket.reserve(wanted);
          if (!reservation) continue;
          expect(reservation.items).toBeLessThanOrEqual(wanted);
          const units = reservation.units * share;
          // The table may charge it at any time until the answer; here at once or, seen from before, as late as it can.
          spends.push({ atMs, units });
          open.push({ due: position + tookSteps, reservation, units });
          if (tookSteps === 0) bucket.settle(reservation, units);
        }
        for (const { atMs: from } of spends) {
          for (const { atMs: to } of spends) {
            if (to < from) continue;
            const spent = spends.filter((spend) => spend.atMs >= from && spend.atMs <= to).reduce((sum, { units }) => sum + units, 0);
            expect(spent).toBeLessThanOrEqual(burstUnits + (full.unitsPerSecond * (to - from)) / 1000 + 1e-6);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("starts empty, gives back what was not spent, and keeps what was spent beyond as a debt", () => {
    const { bucket, pass } = world();
    bucket.setRate({ unitsPerSecond: 100, burstUnits: 100 });
    expect(bucket.reserve(1)).toBeNull();
    expect(bucket.waitMs()).toBe(85);
    pass(1_000);
    const first = bucket.reserve(50);
    expect(first).toEqual({ items: itemsWithin(100), units: mostReadUnits(itemsWithin(100)) });
    bucket.settle(first as Reservation, 1);
    expect(bucket.reserve(50)?.units).toBeGreaterThan(90);
    pass(2_000);
    const other = world();
    other.bucket.setRate({ unitsPerSecond: 100, burstUnits: 100 });
    other.pass(1_000);
    // An item that somebody put into the table, larger than any activity.
    other.bucket.settle(other.bucket.reserve(1) as Reservation, 250);
    expect(other.bucket.waitMs()).toBe(1_585);
  });

  it("gives nothing where it can never hold one item, and says that no wait helps", () => {
    const { bucket, pass } = world();
    bucket.setRate({ unitsPerSecond: 5, burstUnits: 8 });
    pass(60_000);
    expect([bucket.reserve(1), bucket.waitMs()]).toEqual([null, Number.POSITIVE_INFINITY]);
    bucket.setRate({ unitsPerSecond: 5, burstUnits: 8.5 });
    expect(bucket.waitMs()).toBeCloseTo(100);
    pass(100);
    expect(bucket.reserve(50)).toEqual({ items: 1, units: 8.5 });
  });

  it("gives a half to each while others are under way, and nothing at a rate of zero", () => {
    const { bucket, pass } = world();
    bucket.setRate({ unitsPerSecond: 100, burstUnits: 100 });
    pass(1_000);
    expect(bucket.reserve(1)?.units).toBe(8.5);
    expect(bucket.reserve(50)?.items).toBe(itemsWithin(91.5 / 2));
    bucket.setRate({ unitsPerSecond: 0, burstUnits: 0 });
    expect([bucket.reserve(1), bucket.waitMs()]).toEqual([null, Number.POSITIVE_INFINITY]);
    bucket.setRate(null);
    expect(bucket.reserve(500)).toEqual({ items: 500, units: 0 });
  });
});
