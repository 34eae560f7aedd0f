import type { DrainHistoryEntry } from "#lib/contracts/drain.ts";
import type { HistoryRange, Overview, OverviewHistory } from "#lib/contracts/overview.ts";
import { count, rate } from "./numbers.ts";
import { type ChartRow, prepareSeries } from "./series.ts";

export interface ChartSeries {
  /** Name of the value in each row. */
  key: string;
  label: string;
  /** A CSS colour. */
  color: string;
  kind: "area" | "line";
}

/** Something that happened, drawn as a line over the chart. */
export interface ChartMark {
  id: string;
  at: number;
  label: string;
  detail: string;
}

/** All that a chart needs to be drawn. */
export interface ChartModel {
  title: string;
  unit: string;
  rows: ChartRow[];
  series: ChartSeries[];
  marks: ChartMark[];
  fromMs: number;
  toMs: number;
  ticks: number[];
  /** Words for who cannot see it. */
  summary: string;
}

export interface TrafficModel {
  depth: ChartModel;
  throughput: ChartModel;
  /** Why the history is missing or old, or null. */
  historyFault: string | null;
}

const MINUTE_MS = 60_000;

const RANGES: Record<HistoryRange, { ms: number; bucketSeconds: number; tickMs: number; words: string }> = {
  "15m": { ms: 15 * MINUTE_MS, bucketSeconds: 5, tickMs: 3 * MINUTE_MS, words: "15 minutes" },
  "1h": { ms: 60 * MINUTE_MS, bucketSeconds: 10, tickMs: 10 * MINUTE_MS, words: "hour" },
  "3h": { ms: 180 * MINUTE_MS, bucketSeconds: 30, tickMs: 30 * MINUTE_MS, words: "3 hours" },
  "24h": { ms: 24 * 60 * MINUTE_MS, bucketSeconds: 60, tickMs: 240 * MINUTE_MS, words: "24 hours" },
};

function ticksOf(fromMs: number, toMs: number, stepMs: number): number[] {
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / stepMs) + 1) }, (_, index) => first + index * stepMs);
}

function markOf({ id, at, fromRateWcuPerSecond, toRateWcuPerSecond, actor, reason }: DrainHistoryEntry): ChartMark {
  const because = reason === null ? "" : `: ${reason}`;
  return { id, at: Date.parse(at), label: rate(toRateWcuPerSecond), detail: `${actor} set ${rate(fromRateWcuPerSecond)} → ${rate(toRateWcuPerSecond)} WCU/s${because}` };
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

/** Charts of depth and throughput: CloudWatch's minutes followed by the live seconds, with the changes of the dial. */
export function prepareTraffic({ overview, history, range }: { overview: Pick<Overview, "at" | "live">; history: OverviewHistory | undefined; range: HistoryRange }): TrafficModel {
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
  const frame = { marks, fromMs, toMs, ticks: ticksOf(fromMs, toMs, tickMs) };
  const depth = prepareSeries({ ...common, measures: ["waiting"] });
  const throughput = prepareSeries({ ...common, measures: ["arrivalPerSecond", "drainPerSecond"] });
  const summary = (rows: readonly ChartRow[], series: readonly ChartSeries[], format: (value: number) => string) =>
    `The last ${words}. ${series.map((one) => inWords(rows, one, format)).join(". ")}.`;
  return {
    depth: { ...frame, title: "Depth", unit: "messages", rows: depth, series: DEPTH, summary: summary(depth, DEPTH, count) },
    throughput: { ...frame, title: "Throughput", unit: "activities/s", rows: throughput, series: THROUGHPUT, summary: summary(throughput, THROUGHPUT, rate) },
    historyFault: metrics === undefined || metrics.state === "ok" ? null : (metrics.error ?? "CloudWatch does not answer"),
  };
}
