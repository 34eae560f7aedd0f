import { describe, expect, it } from "vitest";
import { acknowledgement, dialScale, prepareDrainPreview } from "./drain-preview.ts";
import { drain, failed, ok, overview, stale, worker } from "./testing/overview.ts";

const preview = (rateWcuPerSecond: number | null, from = overview(), dial = drain()) => prepareDrainPreview({ overview: from, drain: dial, rateWcuPerSecond });

describe("preview of a rate", () => {
  it("tells the rate, the activities and the time to drain", () => {
    expect(preview(103.75)).toMatchObject({ fault: null, effectiveWcuPerSecond: 103.75, activitiesPerSecond: 103.75, warning: null, eta: { state: "draining" } });
  });

  it("warns when the guard holds it", () => {
    expect(preview(1_000)).toMatchObject({ effectiveWcuPerSecond: 180, warning: "The guard holds it at 180: 90 % of the table's 200 WCU." });
  });

  it("warns while the table's throttles are felt", () => {
    expect(preview(100, overview(), drain({ factor: 0.7 }))).toMatchObject({ effectiveWcuPerSecond: 70, warning: expect.stringContaining("throttled") as string });
  });

  it("counts by the measured cost of an activity", () => {
    expect(preview(100, overview({ writeUnitsPerActivity: 4 }))).toMatchObject({ activitiesPerSecond: 25, costAssumed: false });
    expect(preview(100, overview({ writeUnitsPerActivity: null }))).toMatchObject({ activitiesPerSecond: 100, costAssumed: true });
  });

  it("promises no time where no worker runs or the depth is old", () => {
    expect(preview(100, overview({ workers: ok([worker({ alive: false })]) })).eta).toEqual({ state: "stalled" });
    expect(preview(100, overview({ figures: { waiting: stale(500) } })).eta).toMatchObject({ state: "unknown" });
  });

  it("has no guard where the table's capacity is not known", () => {
    const from = overview({ figures: { provisionedWriteUnits: failed("DescribeTable") } });
    expect(preview(5_000, from, drain({ provisionedWcu: null }))).toMatchObject({ effectiveWcuPerSecond: 5_000, warning: null });
  });

  it.each([
    [null, "Give a number"],
    [Number.NaN, "Give a number"],
    [Number.POSITIVE_INFINITY, "Give a number"],
    [0, "At least 1"],
    [-5, "At least 1"],
    [1_000_001, "At most 1,000,000"],
  ])("refuses %s", (value, words) => {
    expect(preview(value).fault).toContain(words);
    expect(preview(value).effectiveWcuPerSecond).toBeNull();
  });

  it("does not guess the time to drain of a queue that cannot be read", () => {
    expect(preview(100, overview({ figures: { waiting: failed() } })).eta).toMatchObject({ state: "unknown" });
  });
});

describe("acknowledgement", () => {
  it("tells how fast the last worker took the change up", () => {
    const second = worker({ id: "b", acknowledged: { rateWcuPerSecond: 150, version: 7, at: "2026-01-31T11:55:00.650Z" } });
    expect(acknowledgement(drain(), [worker(), second])).toEqual({ alive: 2, acknowledged: 2, withinMs: 650 });
  });

  it("waits for every live worker and for none that is gone", () => {
    const behind = worker({ id: "b", acknowledged: { rateWcuPerSecond: 100, version: 6, at: "2026-01-31T11:54:00.000Z" } });
    expect(acknowledgement(drain(), [worker(), behind])).toEqual({ alive: 2, acknowledged: 1, withinMs: null });
    expect(acknowledgement(drain(), [worker(), { ...behind, alive: false }])).toEqual({ alive: 1, acknowledged: 1, withinMs: 400 });
  });

  it("does not time a worker that came later", () => {
    const late = worker({ startedAt: "2026-01-31T11:58:00.000Z", acknowledged: { rateWcuPerSecond: 150, version: 7, at: "2026-01-31T11:58:01.000Z" } });
    expect(acknowledgement(drain(), [late])).toEqual({ alive: 1, acknowledged: 1, withinMs: null });
  });
});

describe("the slider's scale", () => {
  it("reaches over the table and over the dial", () => {
    expect(dialScale({ drain: drain(), described: 200 })).toBeGreaterThanOrEqual(250);
    expect(dialScale({ drain: drain({ rateWcuPerSecond: 1_000 }), described: 200 })).toBeGreaterThanOrEqual(1_000);
    expect(dialScale({ drain: drain({ provisionedWcu: null }), described: null })).toBeGreaterThanOrEqual(150);
  });
});
