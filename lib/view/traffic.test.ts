import { describe, expect, it } from "vitest";
import { HISTORY_RANGES, type OverviewHistory, type SeriesPoint } from "#lib/contracts/overview.ts";
import { AT, drain, failed, ok, overview, seconds } from "./testing/overview.ts";
import { prepareTraffic } from "./traffic.ts";

const END = Date.parse(AT) / 1000;

function history(points: readonly Partial<SeriesPoint>[], range: OverviewHistory["range"] = "15m"): OverviewHistory {
  const empty = { t: 0, waiting: null, arrivalPerSecond: null, drainPerSecond: null, writeUnitsPerSecond: null, throttles: null };
  return { range, periodSeconds: 60, metrics: ok(points.map((point) => ({ ...empty, ...point })), "CloudWatch"), changes: ok([], "Postgres") };
}

describe("prepareTraffic", () => {
  it.each(HISTORY_RANGES)("has a frame for %s that ends now, with few ticks", (range) => {
    const { depth } = prepareTraffic({ overview: overview(), history: undefined, range });
    expect(depth.toMs).toBe(Date.parse(AT));
    expect(depth.ticks.length).toBeGreaterThanOrEqual(4);
    expect(depth.ticks.length).toBeLessThanOrEqual(8);
    expect(depth.ticks.every((tick) => tick >= depth.fromMs && tick <= depth.toMs)).toBe(true);
  });

  it("draws what the table has and what draining may use of it, as far as they are known", () => {
    const limits = (from: ReturnType<typeof overview>) => prepareTraffic({ overview: from, history: undefined, range: "5m" }).writeUnits.limits.map(({ label }) => label);
    expect(limits(overview())).toEqual(["table 200", "guard 180"]);
    expect(limits(overview({ dial: failed("drain row") }))).toEqual(["table 200"]);
    expect(limits(overview({ dial: ok(drain({ provisionedWcu: null })), figures: { provisionedWriteUnits: failed("DescribeTable") } }))).toEqual([]);
  });

  it("marks when the table throttled: seconds that follow each other are one time, CloudWatch's minute where nobody saw more", () => {
    const live = seconds(60, (index) => ({ writeUnitsPerSecond: 100, throttles: [10, 11, 13, 40].includes(index) ? 2 : 0 }));
    const minutes = [{ t: END - 600, throttles: 3 }, { t: END - 540, throttles: 0 }, { t: END - 60, throttles: 9 }];
    const { alarms, summary } = prepareTraffic({ overview: overview({ live }), history: history(minutes), range: "5m" }).writeUnits;
    const at = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => [fromMs / 1000 - END, toMs / 1000 - END];
    expect(alarms.map(at)).toEqual([[-50, -46], [-20, -19]]);
    expect(summary).toContain("table 200 WCU/s.");
    const longer = prepareTraffic({ overview: overview({ live }), history: history(minutes), range: "15m" }).writeUnits;
    expect(longer.alarms.map(at)[0]).toEqual([-600, -540]);
  });
});
