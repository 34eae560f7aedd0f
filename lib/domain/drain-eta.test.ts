import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DrainEtaInput, drainEta } from "./drain-eta.ts";

const base: DrainEtaInput = {
  backlog: 1_000,
  arrivalPerSecond: 50,
  drainPerSecond: 150,
  writeUnitsPerActivity: 1,
  effectiveWcuPerSecond: 150,
  nowMs: Date.parse("2026-01-01T12:00:00.000Z"),
};

const rate = fc.double({ min: 0, max: 100_000, noNaN: true });
const known = fc.record({
  backlog: fc.integer({ min: 0, max: 10_000_000 }),
  arrivalPerSecond: rate,
  drainPerSecond: rate,
  writeUnitsPerActivity: fc.double({ min: 1, max: 64, noNaN: true }),
  effectiveWcuPerSecond: fc.double({ min: 1, max: 100_000, noNaN: true }),
  nowMs: fc.constant(base.nowMs),
});

describe("drainEta", () => {
  it("tells when a backlog clears at the net rate", () => {
    expect(drainEta(base)).toEqual({ state: "draining", seconds: 10, clearsAt: "2026-01-01T12:00:10.000Z" });
  });

  it.each<[string, Partial<DrainEtaInput>, string]>([
    ["nothing waits", { backlog: 0, drainPerSecond: null }, "empty"],
    ["nothing is stored", { drainPerSecond: 0 }, "stalled"],
    ["the depth is not known", { backlog: null }, "unknown"],
    ["the drain rate is not known", { drainPerSecond: null }, "unknown"],
    ["the arrival rate is not known", { arrivalPerSecond: null }, "unknown"],
    ["the dial holds it back", { arrivalPerSecond: 400 }, "will_not_drain"],
    ["something else holds it back", { arrivalPerSecond: 400, effectiveWcuPerSecond: 1_000 }, "growing"],
    ["the cost is not known", { arrivalPerSecond: 400, writeUnitsPerActivity: null }, "growing"],
  ])("%s", (_name, change, state) => {
    expect(drainEta({ ...base, ...change }).state).toBe(state);
  });

  it("names the rate that keeps up", () => {
    expect(drainEta({ ...base, arrivalPerSecond: 400, drainPerSecond: 75, writeUnitsPerActivity: 2 })).toEqual({
      state: "will_not_drain",
      neededWcuPerSecond: 800,
    });
  });

  it("draining means that more is stored than arrives, and the net rate over that time is the backlog", () => {
    fc.assert(
      fc.property(known, (input) => {
        const eta = drainEta(input);
        if (eta.state !== "draining") return;
        expect(input.drainPerSecond).toBeGreaterThan(input.arrivalPerSecond);
        expect(eta.seconds * (input.drainPerSecond - input.arrivalPerSecond)).toBeCloseTo(input.backlog, 3);
        expect(Date.parse(eta.clearsAt)).toBeGreaterThanOrEqual(input.nowMs);
      }),
    );
  });

  it("a faster drain never clears later", () => {
    fc.assert(
      fc.property(known, fc.double({ min: 1, max: 10, noNaN: true }), (input, factor) => {
        const slow = drainEta(input);
        const fast = drainEta({ ...input, drainPerSecond: input.drainPerSecond * factor });
        if (slow.state === "draining") expect(fast).toMatchObject({ state: "draining" });
        if (slow.state === "draining" && fast.state === "draining") expect(fast.seconds).toBeLessThanOrEqual(slow.seconds);
      }),
    );
  });

  it("the needed rate keeps up with what arrives", () => {
    fc.assert(
      fc.property(known, (input) => {
        const eta = drainEta(input);
        if (eta.state !== "will_not_drain") return;
        expect(eta.neededWcuPerSecond / input.writeUnitsPerActivity).toBeGreaterThanOrEqual(input.arrivalPerSecond * 0.999);
      }),
    );
  });

  it("is never empty while something waits", () => {
    fc.assert(
      fc.property(known, (input) => {
        expect(drainEta(input).state === "empty").toBe(input.backlog === 0);
      }),
    );
  });
});
