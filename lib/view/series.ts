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

function known(row: ChartRow): boolean {
  return [row.values, row.partial].some((values) => Object.values(values).some((value) => value !== null));
}

function liveRows({ live, measures, bucketSeconds }: SeriesInput): ChartRow[] {
  const measured = live.filter((point) => measures.some((measure) => point[measure] !== null));
  const newest = measured.at(-1)?.t ?? 0;
  const rows = bucketsOf(measured, bucketSeconds).map(({ startSeconds, points }): ChartRow => {
    const values = valuesOf(measures, (measure) => mean(points.map((point) => point[measure])));
    const isPartial = startSeconds + bucketSeconds - 1 > newest;
    const at = (startSeconds + (isPartial ? newest + 1 - startSeconds : bucketSeconds) / 2) * 1000;
    return isPartial ? { at, values: nulls(measures), partial: values } : { at, values, partial: nulls(measures) };
  });
  const last = rows.at(-1);
  const before = rows.at(-2);
  // The dashed piece begins where the solid line ends.
  if (last && before && measures.some((measure) => last.partial[measure] !== null)) before.partial = { ...before.values };
  return rows;
}

/** Periods of CloudWatch of which less than half was measured live: a page opened late has a line without holes. */
function historyRows({ history, periodSeconds, bucketSeconds, measures }: SeriesInput, live: readonly ChartRow[]): ChartRow[] {
  const measured = new Map<number, number>();
  for (const { at } of live) {
    const period = Math.floor(at / 1000 / periodSeconds);
    measured.set(period, (measured.get(period) ?? 0) + bucketSeconds);
  }
  return history
    .filter(({ t }) => (measured.get(Math.floor(t / periodSeconds)) ?? 0) < periodSeconds / 2)
    .map((point): ChartRow => ({ at: (point.t + periodSeconds / 2) * 1000, values: valuesOf(measures, (measure) => point[measure]), partial: nulls(measures) }))
    .filter(known);
}

/** Breaks the line where more is missing between two rows than `spanMs` of the coarser one. */
function withGaps(rows: readonly ChartRow[], measures: readonly Measure[], spanMs: (row: ChartRow) => number): ChartRow[] {
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    if (!before || row.at - before.at <= Math.max(spanMs(row), spanMs(before))) return [row];
    return [{ at: before.at + 1, values: nulls(measures), partial: nulls(measures) }, row];
  });
}

/** Live buckets that may be missing before the line breaks: polls and samples are a little late at times. */
const LOST_BUCKETS = 3;

/**
 * One line of time: live buckets where there are any, CloudWatch's periods elsewhere. What nobody measured is a gap,
 * never zero; the last bucket, which is not over, stands apart as partial.
 */
export function prepareSeries(input: SeriesInput): ChartRow[] {
  const { measures, bucketSeconds, periodSeconds, fromMs, toMs } = input;
  const live = liveRows(input);
  const fine = new Set(live);
  const liveSpanMs = Math.max(bucketSeconds * LOST_BUCKETS, 15) * 1000;
  const rows = [...historyRows(input, live), ...live].sort((a, b) => a.at - b.at);
  const spanMs = (row: ChartRow) => (fine.has(row) ? liveSpanMs : periodSeconds * 1_600);
  return withGaps(rows, measures, spanMs).filter(({ at }) => at >= fromMs && at <= toMs);
}
