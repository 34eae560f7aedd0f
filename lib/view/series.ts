import type { SeriesPoint } from "#lib/contracts/overview.ts";

/** Values of a chart at one instant; null = a gap. */
export interface ChartRow {
  /** Epoch milliseconds: middle of the period. */
  at: number;
  values: Record<string, number | null>;
  /** Values of a period that is not over, joined to the one before by a dashed line. */
  partial: Record<string, number | null>;
}

type Measure = Exclude<keyof SeriesPoint, "t">;

export interface SeriesInput {
  /** CloudWatch's periods, oldest first. */
  history: readonly SeriesPoint[];
  periodSeconds: number;
  /** The last seconds, oldest first. */
  live: readonly SeriesPoint[];
  measures: readonly Measure[];
  /** Live seconds are averaged over this many. */
  bucketSeconds: number;
  fromMs: number;
  toMs: number;
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0) / known.length;
}

interface Bucket {
  startSeconds: number;
  points: SeriesPoint[];
}

function bucketsOf(live: readonly SeriesPoint[], bucketSeconds: number): Bucket[] {
  const buckets = new Map<number, SeriesPoint[]>();
  for (const point of live) {
    const start = Math.floor(point.t / bucketSeconds) * bucketSeconds;
    const bucket = buckets.get(start);
    if (bucket) bucket.push(point);
    else buckets.set(start, [point]);
  }
  return [...buckets].map(([startSeconds, points]) => ({ startSeconds, points }));
}

function valuesOf(measures: readonly Measure[], value: (measure: Measure) => number | null): Record<string, number | null> {
  return Object.fromEntries(measures.map((measure) => [measure, value(measure)]));
}

const nulls = (measures: readonly Measure[]) => valuesOf(measures, () => null);

/** First live second that carries one of the measures: from there on the live points are the truth. */
function liveStart(live: readonly SeriesPoint[], measures: readonly Measure[], bucketSeconds: number): number {
  const first = live.find((point) => measures.some((measure) => point[measure] !== null));
  // A bucket that is only half covered would show half a rate.
  return first ? Math.ceil(first.t / bucketSeconds) * bucketSeconds : Number.POSITIVE_INFINITY;
}

/** Breaks the line where at least one whole period is missing between two rows. */
function withGaps(rows: readonly ChartRow[], measures: readonly Measure[], longestStepMs: number): ChartRow[] {
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    if (!before || row.at - before.at <= longestStepMs) return [row];
    return [{ at: before.at + 1, values: nulls(measures), partial: nulls(measures) }, row];
  });
}

/**
 * One line of time: CloudWatch's minutes, then live buckets as soon as there are any. What nobody measured is a gap,
 * never zero; the last bucket, which is not over, stands apart as partial.
 */
export function prepareSeries({ history, periodSeconds, live, measures, bucketSeconds, fromMs, toMs }: SeriesInput): ChartRow[] {
  const start = liveStart(live, measures, bucketSeconds);
  const past = history
    .filter(({ t }) => t + periodSeconds <= start)
    .map((point): ChartRow => ({ at: (point.t + periodSeconds / 2) * 1000, values: valuesOf(measures, (measure) => point[measure]), partial: nulls(measures) }))
    .filter(({ values }) => measures.some((measure) => values[measure] !== null));
  const newest = live.at(-1)?.t ?? 0;
  const recent = bucketsOf(live.filter(({ t }) => t >= start), bucketSeconds).map(({ startSeconds, points }): ChartRow => {
    const values = valuesOf(measures, (measure) => mean(points.map((point) => point[measure])));
    const isPartial = startSeconds + bucketSeconds - 1 > newest;
    const at = (startSeconds + (isPartial ? points.length : bucketSeconds) / 2) * 1000;
    return isPartial ? { at, values: nulls(measures), partial: values } : { at, values, partial: nulls(measures) };
  });
  const last = recent.at(-1);
  const before = recent.at(-2);
  // The dashed piece begins where the solid line ends.
  if (last && before && measures.some((measure) => last.partial[measure] !== null)) before.partial = { ...before.values };
  const seam = periodSeconds * 1000 * 1.6;
  return withGaps([...past, ...recent], measures, seam).filter(({ at }) => at >= fromMs && at <= toMs);
}
