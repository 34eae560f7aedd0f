import type { DrainHistoryEntry } from "#lib/contracts/drain.ts";
import type { HistoryRange, Overview, OverviewHistory, SeriesPoint } from "#lib/contracts/overview.ts";
import { guardOf } from "./drain-preview.ts";
import { count, rate } from "./numbers.ts";
import { type ChartRow, prepareSeries } from "./series.ts";

export interface ChartSeries {
  /** Name of the value in each row. */
  key: string;
  label: string;
  /** A CSS colour. */
  color: string;
  /** `alarm` = a line that is drawn only above zero. */
  kind: "area" | "line" | "alarm";
}

/** Something that happened, drawn as a line over the chart. */
export interface ChartMark {
  id: string;
  at: number;
  label: string;
  detail: string;
}

/** A ceiling, drawn as a level line. */
export interface ChartLimit {
  id: string;
  value: number;
  label: string;
  /** A CSS colour. */
  color: string;
}

/** A time in which something was wrong, drawn as a band. */
export interface ChartSpan {
  fromMs: number;
  toMs: number;
}

/** All that a chart needs to be drawn. */
export interface ChartModel {
  title: string;
  unit: string;
  rows: ChartRow[];
  series: ChartSeries[];
  marks: ChartMark[];
  limits: ChartLimit[];
  alarms: ChartSpan[];
  fromMs: number;
  toMs: number;
  ticks: number[];
  /** Words for who cannot see it. */
  summary: string;
}

export interface TrafficModel {
  depth: ChartModel;
  throughput: ChartModel;
  writeUnits: ChartModel;
  /** Why the history is missing or old, or null. */
  historyFault: string | null;
}

const MINUTE_MS = 60_000;

const RANGES: Record<HistoryRange, { ms: number; bucketSeconds: number; tickMs: number; words: string }> = {
  "5m": { ms: 5 * MINUTE_MS, bucketSeconds: 2, tickMs: MINUTE_MS, words: "5 minutes" },
  "15m": { ms: 15 * MINUTE_MS, bucketSeconds: 5, tickMs: 3 * MINUTE_MS, words: "15 minutes" },
  "1h": { ms: 60 * MINUTE_MS, bucketSeconds: 10, tickMs: 10 * MINUTE_MS, words: "hour" },
  "3h": { ms: 180 * MINUTE_MS, bucketSeconds: 30, tickMs: 30 * MINUTE_MS, words: "3 hours" },
  "24h": { ms: 24 * 60 * MINUTE_MS, bucketSeconds: 60, tickMs: 240 * MINUTE_MS, words: "24 hours" },
};

function ticksOf(fromMs: number, toMs: number, stepMs: number): number[] {
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / stepMs) + 1) }, (_, index) => first + index * stepMs);
}

const MARK_LABELS: Partial<Record<DrainHistoryEntry["kind"], string>> = { paused: "paused", resumed: "resumed" };

function markOf({ id, at, kind, mode, fromRateWcuPerSecond, toRateWcuPerSecond, actor, reason }: DrainHistoryEntry): ChartMark {
  const because = reason === null ? "" : `: ${reason}`;
  const change = `${rate(fromRateWcuPerSecond)} → ${rate(toRateWcuPerSecond)} WCU/s`;
  const did = {
    rate: `${actor} set ${change}`,
    mode: `${actor} set the mode ${mode}, ${change}`,
    paused: `${actor} paused`,
    resumed: `${actor} resumed, ${change}`,
    override: `${actor} overrode ${change}`,
    override_ended: `${actor} ended the override, ${change}`,
    override_expired: `The override ended, ${change}`,
  }[kind];
  return { id, at: Date.parse(at), label: MARK_LABELS[kind] ?? rate(toRateWcuPerSecond), detail: `${did}${because}` };
}

/** `now 41,200, highest 52,000`, or that nothing was measured. */
function inWords(rows: readonly ChartRow[], { key, label }: ChartSeries, format: (value: number) => string): string {
  const values = rows.flatMap(({ values: known, partial }) => known[key] ?? partial[key] ?? []);
  const last = values.at(-1);
  return last === undefined ? `${label}: not measured` : `${label}: now ${format(last)}, highest ${format(Math.max(...values))}`;
}

const DEPTH: ChartSeries[] = [{ key: "waiting", label: "Waiting", color: "var(--sp-depth)", kind: "area" }];
const THROUGHPUT: ChartSeries[] = [
  { key: "arrivalPerSecond", label: "Arrival", color: "var(--sp-arrival)", kind: "line" },
  { key: "drainPerSecond", label: "Drain", color: "var(--sp-drain)", kind: "line" },
];

const WRITE_UNITS: ChartSeries[] = [
  { key: "writeUnitsPerSecond", label: "Consumed", color: "var(--sp-drain)", kind: "area" },
  { key: "throttles", label: "Throttles", color: "var(--sp-bad)", kind: "alarm" },
];

/** What the table has and what draining may use of it, as far as they are known now. */
function limitsOf({ figures, dial }: Pick<Overview, "figures" | "dial">): ChartLimit[] {
  const described = figures.provisionedWriteUnits.state === "error" ? null : figures.provisionedWriteUnits.value;
  const drain = dial.state === "error" ? null : dial.value;
  const provisioned = described ?? drain?.provisionedWcu ?? null;
  const guard = drain && guardOf(drain, described);
  return [
    ...(provisioned === null ? [] : [{ id: "provisioned", value: provisioned, label: `table ${rate(provisioned)}`, color: "var(--sp-line-strong)" }]),
    ...(guard === null ? [] : [{ id: "guard", value: guard, label: `guard ${rate(guard)}`, color: "var(--sp-warn)" }]),
  ];
}

/** Times in which the table throttled; those less than `joinMs` apart are one. */
function throttledSpans({ history, periodSeconds, live, fromMs, toMs }: { history: readonly SeriesPoint[]; periodSeconds: number; live: readonly SeriesPoint[]; fromMs: number; toMs: number }, joinMs: number): ChartSpan[] {
  const liveFrom = live[0]?.t ?? Number.POSITIVE_INFINITY;
  const span = (seconds: number) => ({ t }: SeriesPoint): ChartSpan => ({ fromMs: Math.max(fromMs, t * 1000), toMs: Math.min(toMs, (t + seconds) * 1000) });
  const throttled = ({ throttles }: SeriesPoint) => (throttles ?? 0) > 0;
  const minutes = history.filter((point) => throttled(point) && point.t < liveFrom).map(span(periodSeconds));
  const spans: ChartSpan[] = [];
  for (const next of [...minutes, ...live.filter(throttled).map(span(1))].filter((one) => one.toMs > one.fromMs)) {
    const last = spans.at(-1);
    if (last && next.fromMs - last.toMs < joinMs) last.toMs = Math.max(last.toMs, next.toMs);
    else spans.push(next);
  }
  return spans;
}

/** Charts of depth, throughput and write units: CloudWatch's minutes followed by the live seconds, with the changes of the dial. */
export function prepareTraffic({ overview, history, range }: { overview: Pick<Overview, "at" | "live" | "figures" | "dial">; history: OverviewHistory | undefined; range: HistoryRange }): TrafficModel {
  const { ms, bucketSeconds, tickMs, words } = RANGES[range];
  const toMs = Date.parse(overview.at);
  const fromMs = toMs - ms;
  const metrics = history?.range === range ? history.metrics : undefined;
  const common = {
    history: metrics && metrics.state !== "error" ? metrics.value : [],
    periodSeconds: history?.periodSeconds ?? 60,
    live: overview.live,
    bucketSeconds,
    fromMs,
    toMs,
  };
  const changes = history && history.changes.state !== "error" ? history.changes.value : [];
  const marks = changes.map(markOf).filter(({ at }) => at >= fromMs && at <= toMs);
  const frame = { marks, limits: [], alarms: [], fromMs, toMs, ticks: ticksOf(fromMs, toMs, tickMs) };
  const depth = prepareSeries({ ...common, measures: ["waiting"] });
  const throughput = prepareSeries({ ...common, measures: ["arrivalPerSecond", "drainPerSecond"] });
  const writeUnits = prepareSeries({ ...common, measures: ["writeUnitsPerSecond", "throttles"] });
  const limits = limitsOf(overview);
  const summary = (rows: readonly ChartRow[], series: readonly ChartSeries[], format: (value: number) => string) =>
    `The last ${words}. ${series.map((one) => inWords(rows, one, format)).join(". ")}.`;
  return {
    depth: { ...frame, title: "Depth", unit: "messages", rows: depth, series: DEPTH, summary: summary(depth, DEPTH, count) },
    throughput: { ...frame, title: "Throughput", unit: "activities/s", rows: throughput, series: THROUGHPUT, summary: summary(throughput, THROUGHPUT, rate) },
    writeUnits: {
      ...frame,
      title: "Write units",
      unit: "WCU/s",
      rows: writeUnits,
      series: WRITE_UNITS,
      limits,
      alarms: throttledSpans(common, bucketSeconds * 2_000),
      summary: [summary(writeUnits, WRITE_UNITS, rate), ...limits.map(({ label }) => `${label} WCU/s.`)].join(" "),
    },
    historyFault: metrics === undefined || metrics.state === "ok" ? null : (metrics.error ?? "CloudWatch does not answer"),
  };
}
