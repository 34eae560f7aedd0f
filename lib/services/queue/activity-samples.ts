import type { SeriesPoint } from "#lib/contracts/overview.ts";
import type { WorkerSamples } from "#lib/gateways/worker-registry.ts";

/** One second of accepted activities, summed over the public API's processes. */
export interface IngestSecond {
  second: Date;
  accepted: number;
}

export interface Samples {
  worker: WorkerSamples;
  ingest: readonly IngestSecond[];
}

/** Samples of a second arrive up to this much later, milliseconds. */
const SETTLE_MS = 2_000;
/** Seconds that a rate is averaged over: short enough to follow the dial, long enough to be read. */
const RATE_SECONDS = 10;
/** Seconds without a stored activity after which a drain with large items counts as standing still. */
const SLOW_RATE_SECONDS = 60;
/** Seconds over which the cost of one activity is measured. */
const COST_SECONDS = 300;

interface Range {
  fromMs: number;
  toMs: number;
}

/** The newest whole seconds whose samples have arrived. */
function window(nowMs: number, seconds: number): Range {
  const toMs = Math.floor((nowMs - SETTLE_MS) / 1000) * 1000;
  return { fromMs: toMs - seconds * 1000, toMs };
}

function within<T extends { second: Date }>(rows: readonly T[], { fromMs, toMs }: Range): T[] {
  return rows.filter(({ second }) => second.getTime() >= fromMs && second.getTime() < toMs);
}

function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

/**
 * Activities accepted a second, over those of the last ten whole seconds that the public API has reported; it reports
 * quiet ones as zeros, so null = it has reported none and nobody knows.
 */
export function arrivalRate({ ingest }: Samples, nowMs: number): number | null {
  const reported = within(ingest, window(nowMs, RATE_SECONDS));
  return reported.length === 0 ? null : sum(reported, ({ accepted }) => accepted) / reported.length;
}

export interface DrainRate {
  activitiesPerSecond: number;
  writeUnitsPerSecond: number;
}

/** What left the queue a second; over a minute where ten seconds saw nothing, since large items are seldom at a low rate. */
export function drainRate({ worker }: Samples, nowMs: number): DrainRate {
  const over = (seconds: number): DrainRate => {
    const rows = within(worker.perSecond, window(nowMs, seconds));
    return {
      activitiesPerSecond: sum(rows, ({ stored, dead }) => stored + dead) / seconds,
      writeUnitsPerSecond: sum(rows, ({ writeUnits }) => writeUnits) / seconds,
    };
  };
  const recent = over(RATE_SECONDS);
  return recent.activitiesPerSecond > 0 ? recent : over(SLOW_RATE_SECONDS);
}

/** Table throttles met by workers in the last minute. */
export function throttlesLastMinute({ worker }: Samples, nowMs: number): number {
  return sum(within(worker.perSecond, { fromMs: nowMs - 60_000, toMs: nowMs + 1_000 }), ({ throttles }) => throttles);
}

/** Measured WCU per stored activity; null when none was stored. */
export function writeUnitsPerActivity({ worker }: Samples, nowMs: number): number | null {
  const rows = within(worker.perSecond, { fromMs: nowMs - COST_SECONDS * 1000, toMs: nowMs + 1_000 });
  const stored = sum(rows, (row) => row.stored);
  return stored > 0 ? sum(rows, (row) => row.writeUnits) / stored : null;
}

/** When the oldest message that workers received in the last seconds was sent; null when they received none. */
export function oldestSentAt({ worker }: Samples, nowMs: number, withinMs: number): Date | null {
  const rows = within(worker.perSecond, { fromMs: nowMs - withinMs, toMs: nowMs + 1_000 });
  const newest = rows.findLast((row) => row.oldestSentAt !== null)?.second.getTime();
  // Two seconds, so that a worker that has not reported yet is not left out.
  const sent = rows.flatMap((row) => (newest !== undefined && row.second.getTime() >= newest - 1_000 && row.oldestSentAt ? [row.oldestSentAt.getTime()] : []));
  return sent.length === 0 ? null : new Date(Math.min(...sent));
}

/** Stored, failed and write units a second of each worker, by its id. */
export function ratesPerWorker({ perWorker }: WorkerSamples, seconds: number) {
  return new Map(
    perWorker.map(({ workerId, stored, failed, writeUnits }) => [
      workerId,
      { storedPerSecond: stored / seconds, writeUnitsPerSecond: writeUnits / seconds, failedPerSecond: failed / seconds },
    ]),
  );
}

/**
 * The last seconds as a series. A second that no worker, or no public API, has reported is a gap, not a zero.
 * @param waitingAt depth by epoch second, as far as it was read.
 */
export function liveSeries({ samples, waitingAt, nowMs, seconds }: { samples: Samples | null; waitingAt: ReadonlyMap<number, number>; nowMs: number; seconds: number }): SeriesPoint[] {
  const { fromMs } = window(nowMs, seconds);
  const worker = new Map(samples?.worker.perSecond.map((row) => [row.second.getTime() / 1000, row]));
  const ingest = new Map(samples?.ingest.map((row) => [row.second.getTime() / 1000, row.accepted]));
  const from = Math.floor(fromMs / 1000);
  // The depth of the newest seconds is known before the rates are.
  return Array.from({ length: Math.floor(nowMs / 1000) + 1 - from }, (_, index): SeriesPoint => {
    const t = from + index;
    const settled = index < seconds;
    const row = settled ? worker.get(t) : undefined;
    return {
      t,
      waiting: waitingAt.get(t) ?? null,
      arrivalPerSecond: settled ? (ingest.get(t) ?? null) : null,
      drainPerSecond: row ? row.stored + row.dead : null,
      writeUnitsPerSecond: row?.writeUnits ?? null,
      throttles: row?.throttles ?? null,
    };
  });
}
