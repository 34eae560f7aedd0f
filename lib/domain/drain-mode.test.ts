import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AUTO_CUT, AUTO_FLOOR, autoRate, goalRate } from "./drain-mode.ts";

const bounds = { guardWcu: 180, dialWcu: 100 };
const goal = { ...bounds, backlog: 10_000, arrivalPerSecond: 0, writeUnitsPerActivity: 1, secondsLeft: 100, factor: 1 };
const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
const anyBounds = fc.record({ guardWcu: fc.option(fc.double({ min: 1, max: 1e5, noNaN: true })), dialWcu: fc.double({ min: 1, max: 1e5, noNaN: true }) });

describe("a goal", () => {
  test("asks for the backlog over the time left and for what arrives, with a little to spare", () => {
    expect(goalRate({ ...goal, backlog: 5_000, arrivalPerSecond: 20, writeUnitsPerActivity: 2 })).toEqual({ rateWcuPerSecond: 147, neededWcuPerSecond: 140, state: "on_track" });
  });

  test("that even the guard cannot meet says so, and takes all that the guard allows", () => {
    expect(goalRate({ ...goal, backlog: 50_000 })).toEqual({ rateWcuPerSecond: 180, neededWcuPerSecond: 500, state: "cannot_be_met" });
  });

  test("is met or missed when its time is over", () => {
    expect(goalRate({ ...goal, secondsLeft: 0, backlog: 0 })).toMatchObject({ state: "met", rateWcuPerSecond: 100 });
    expect(goalRate({ ...goal, secondsLeft: -5, backlog: 3 })).toMatchObject({ state: "missed", rateWcuPerSecond: 180 });
  });

  test("never asks for more than the guard, nor than the dial where no guard is known, nor for less than 1", () => {
    fc.assert(
      fc.property(anyBounds, amount, fc.option(amount), fc.double({ min: 0.1, max: 64, noNaN: true }), fc.double({ min: -10, max: 1e6, noNaN: true }), fc.double({ min: 0.05, max: 1, noNaN: true }), (within, backlog, arrivalPerSecond, writeUnitsPerActivity, secondsLeft, factor) => {
        const { rateWcuPerSecond, neededWcuPerSecond, state } = goalRate({ ...within, backlog, arrivalPerSecond, writeUnitsPerActivity, secondsLeft, factor });
        const most = Math.max(1, within.guardWcu ?? within.dialWcu);
        expect(rateWcuPerSecond).toBeLessThanOrEqual(most);
        expect(rateWcuPerSecond).toBeGreaterThanOrEqual(1);
        if (state === "on_track") expect(rateWcuPerSecond * factor).toBeGreaterThanOrEqual(neededWcuPerSecond * 0.9999);
      }),
    );
  });

  test("recomputed every few seconds clears the backlog by its time, whatever was not known of the arrival", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 60, max: 3_600 }), fc.boolean(), (start, arrival, seconds, known) => {
        let backlog = start;
        let could = true;
        for (let now = 0; now < seconds; now += 3) {
          const { rateWcuPerSecond, state } = goalRate({ guardWcu: 2_000, dialWcu: 100, backlog, arrivalPerSecond: known ? arrival : null, writeUnitsPerActivity: 1, secondsLeft: seconds - now, factor: 1 });
          could &&= state === "on_track";
          backlog = Math.max(0, backlog + (arrival - rateWcuPerSecond) * Math.min(3, seconds - now));
        }
        // What arrives between two computations may be left.
        if (could) expect(backlog).toBeLessThanOrEqual(start * 0.02 + arrival * 10 + 5);
      }),
    );
  });
});

describe("the mode auto", () => {
  test("starts at the dial, climbs to the guard less what others take, and is cut while the table throttles", () => {
    let rate = autoRate({ ...bounds, presentWcu: null, throttled: false, othersWcu: null });
    expect(rate).toBe(100);
    for (let step = 0; step < 30; step += 1) rate = autoRate({ ...bounds, presentWcu: rate, throttled: false, othersWcu: 60 });
    expect(rate).toBe(120);
    expect(autoRate({ ...bounds, presentWcu: rate, throttled: true, othersWcu: 60 })).toBe(120 * AUTO_CUT);
    for (let step = 0; step < 30; step += 1) rate = autoRate({ ...bounds, presentWcu: rate, throttled: true, othersWcu: 60 });
    expect(rate).toBe(180 * AUTO_FLOOR);
  });

  test("stays between its floor and the guard, or the dial where no guard is known", () => {
    fc.assert(
      fc.property(anyBounds, fc.option(amount), fc.boolean(), fc.option(amount), (within, presentWcu, throttled, othersWcu) => {
        const rate = autoRate({ ...within, presentWcu, throttled, othersWcu });
        expect(rate).toBeLessThanOrEqual(Math.max(1, within.guardWcu ?? within.dialWcu));
        expect(rate).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
