import { type Datum, merged, metricKey, type MetricName, type Statistics } from "./metric.ts";

/** One-minute points are kept 15 days, one-second points 3 hours and then by the minute (CloudWatch user guide). */
export const RETENTION_SECONDS = 15 * 86_400;
const FINE_SECONDS = 3 * 3_600;
const PRUNE_EVERY_SECONDS = 600;

/** Points by their first second. */
type Points = Map<number, Statistics>;
interface Series extends MetricName {
  byUnit: Map<string, { fine: Points; coarse: Points }>;
  /** Latest second put. */
  lastSecond: number;
}

const floorTo = (second: number, step: number) => Math.floor(second / step) * step;

function add(points: Points, second: number, statistics: Statistics): void {
  points.set(second, merged(points.get(second), statistics));
}

/** All metrics, in memory. Pure but for the clock given. */
export function createMetricStore({ now }: { now: () => number }) {
  const all = new Map<string, Series>();
  let prunedAt = Number.NEGATIVE_INFINITY;
  const nowSeconds = () => Math.floor(now() / 1000);

  function prune(): void {
    const at = nowSeconds();
    if (at - prunedAt < PRUNE_EVERY_SECONDS) return;
    prunedAt = at;
    for (const [key, series] of all) {
      for (const [unit, { fine, coarse }] of series.byUnit) {
        for (const [second, statistics] of fine) {
          if (second >= at - FINE_SECONDS) continue;
          add(coarse, floorTo(second, 60), statistics);
          fine.delete(second);
        }
        for (const second of coarse.keys()) if (second < at - RETENTION_SECONDS) coarse.delete(second);
        if (fine.size + coarse.size === 0) series.byUnit.delete(unit);
      }
      if (series.byUnit.size === 0) all.delete(key);
    }
  }

  return {
    /** Adds a datum to its minute, or to its second where its resolution is 1. */
    put(datum: Datum): void {
      prune();
      const key = metricKey(datum);
      const { namespace, name, dimensions } = datum;
      const series = all.get(key) ?? { namespace, name, dimensions, byUnit: new Map(), lastSecond: datum.second };
      all.set(key, series);
      series.lastSecond = Math.max(series.lastSecond, datum.second);
      const points = series.byUnit.get(datum.unit) ?? { fine: new Map(), coarse: new Map() };
      series.byUnit.set(datum.unit, points);
      const fine = datum.resolutionSeconds === 1 && datum.second >= nowSeconds() - FINE_SECONDS;
      if (fine) add(points.fine, Math.floor(datum.second), datum.statistics);
      else add(points.coarse, floorTo(datum.second, 60), datum.statistics);
    },

    /**
     * Points of one metric from `startSecond` (rounded down to the period) to before `endSecond`, oldest first.
     * A period without data has no point.
     */
    points(
      metric: MetricName,
      { startSecond, endSecond, periodSeconds, unit }: { startSecond: number; endSecond: number; periodSeconds: number; unit?: string | undefined },
    ): { second: number; statistics: Statistics; unit: string }[] {
      const found = new Map<number, { statistics: Statistics; unit: string }>();
      const from = Math.max(floorTo(startSecond, periodSeconds), floorTo(nowSeconds() - RETENTION_SECONDS, 60));
      const collect = (points: Points, step: number, pointUnit: string) => {
        for (const [second, statistics] of within(points, { from: floorTo(from, step), to: endSecond, step })) {
          const period = floorTo(second, periodSeconds);
          if (second < from) continue;
          found.set(period, { statistics: merged(found.get(period)?.statistics, statistics), unit: pointUnit });
        }
      };
      for (const [pointUnit, { fine, coarse }] of all.get(metricKey(metric))?.byUnit ?? []) {
        if (unit !== undefined && unit !== pointUnit) continue;
        collect(coarse, 60, pointUnit);
        collect(fine, 1, pointUnit);
      }
      return [...found].map(([second, point]) => Object.assign({ second }, point)).toSorted((a, b) => a.second - b.second);
    },

    /** Every metric with data, in the order of first appearance. */
    metrics: (): (MetricName & { lastSecond: number })[] => [...all.values()],

    /** Everything kept, as data that would make it again. */
    *dump(): Generator<Datum> {
      for (const { namespace, name, dimensions, byUnit } of all.values()) {
        for (const [unit, { fine, coarse }] of byUnit) {
          for (const [second, statistics] of coarse) yield { namespace, name, dimensions, unit, second, resolutionSeconds: 60, statistics };
          for (const [second, statistics] of fine) yield { namespace, name, dimensions, unit, second, resolutionSeconds: 1, statistics };
        }
      }
    },
  };
}

/** Points of a span, by whichever is less: walking the span's steps or walking the points. */
function* within(points: Points, { from, to, step }: { from: number; to: number; step: number }): Generator<[number, Statistics]> {
  if ((to - from) / step > points.size) {
    for (const [second, statistics] of points) if (second >= from && second < to) yield [second, statistics];
    return;
  }
  for (let second = from; second < to; second += step) {
    const statistics = points.get(second);
    if (statistics) yield [second, statistics];
  }
}

export type MetricStore = ReturnType<typeof createMetricStore>;
