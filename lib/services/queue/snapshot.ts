import type { Figure } from "#lib/contracts/figure.ts";
import type { DrainEta, Overview, OverviewWorker } from "#lib/contracts/overview.ts";
import { drainEta } from "#lib/domain/drain-eta.ts";
import type { QueueAttributes } from "#lib/gateways/sqs-queue.ts";
import { arrivalRate, type DrainRate, drainRate, liveSeries, oldestSentAt, ratesPerWorker, throttlesLastMinute, writeUnitsPerActivity } from "./activity-samples.ts";
import { pick, type Reading } from "./poller.ts";
import { LIVE_SECONDS, type PostgresReading, type Sources, WORKER_RATE_SECONDS } from "./sources.ts";

/** A worker reports at least every second; one not seen for this long may be gone. */
const ALIVE_MS = 5_000;
/** Samples of received messages this fresh tell the age of the head of the queue. */
const FRESH_SAMPLES_MS = 10_000;

const WORKER_SOURCE = "worker samples";
const INGEST_SOURCE = "public API samples";

export interface SnapshotNames {
  queue: string;
  deadLetterQueue: string;
  table: string;
  publicApiUrl: string;
}

function workersOf({ workers, lately }: PostgresReading, nowMs: number): OverviewWorker[] {
  const rates = ratesPerWorker(lately, WORKER_RATE_SECONDS);
  return workers.map(({ acknowledged, lastError, startedAt, lastSeenAt, ...worker }) => ({
    ...worker,
    alive: worker.state !== "stopped" && nowMs - lastSeenAt.getTime() <= ALIVE_MS,
    startedAt: startedAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    acknowledged: acknowledged && { ...acknowledged, at: acknowledged.at.toISOString() },
    lastError: lastError && { ...lastError, at: lastError.at.toISOString() },
    ...(rates.get(worker.id) ?? { storedPerSecond: 0, writeUnitsPerSecond: 0, failedPerSecond: 0 }),
  }));
}

/** Rates of a queue without a live worker are zero at once, not after the averaging window. */
function drainOf(postgres: PostgresReading, nowMs: number): DrainRate {
  const anyAlive = workersOf(postgres, nowMs).some(({ alive }) => alive);
  return anyAlive ? drainRate(postgres.samples, nowMs) : { activitiesPerSecond: 0, writeUnitsPerSecond: 0 };
}

/** The instant that samples speak of: an old reading is judged as of when it was read, or it would show zeros that nobody measured. */
function sampledAt(postgres: Reading<PostgresReading>, nowMs: number): number {
  return postgres.state === "stale" ? Date.parse(postgres.asOf) : nowMs;
}

const backlogOf = ({ visible, inFlight, delayed }: QueueAttributes) => visible + inFlight + delayed;

async function oldestAge({ sources, queue, postgres, nowMs }: { sources: Sources; queue: Reading<QueueAttributes>; postgres: Reading<PostgresReading>; nowMs: number }): Promise<Figure<number | null>> {
  if (queue.state !== "error" && backlogOf(queue.value) === 0) return pick(queue, () => null);
  const sent = postgres.state === "ok" ? oldestSentAt(postgres.value.samples, nowMs, FRESH_SAMPLES_MS) : null;
  if (sent) return pick(postgres, () => Math.max(0, (nowMs - sent.getTime()) / 1000), WORKER_SOURCE);
  const metric = await sources.oldestAge.get();
  if (metric.state === "error") return metric;
  // A zero of a minute ago, when nothing waited, says nothing of what waits now.
  if (metric.value === null || metric.value.seconds === 0) return { state: "error", source: metric.source, error: "no worker received lately and CloudWatch has no datapoint yet" };
  const { seconds, at } = metric.value;
  // The datapoint is of a minute ago or more: its own time is its age.
  return { state: "stale", value: seconds, source: metric.source, asOf: at.toISOString(), error: "minute metric; workers have received nothing lately" };
}

function arrival(postgres: Reading<PostgresReading>, nowMs: number): Figure<number> {
  const perSecond = postgres.state === "error" ? null : arrivalRate(postgres.value.samples, nowMs);
  if (postgres.state !== "error" && perSecond === null) return { state: "error", source: INGEST_SOURCE, error: "no public API has reported lately" };
  return pick(postgres, () => perSecond ?? 0, INGEST_SOURCE);
}

function timeToDrain({ queue, postgres, nowMs }: { queue: Reading<QueueAttributes>; postgres: Reading<PostgresReading>; nowMs: number }): Figure<DrainEta> {
  const source = "SQS and samples";
  if (queue.state === "error") return { ...queue, source };
  const samples = postgres.state === "error" ? null : postgres.value.samples;
  const eta = drainEta({
    backlog: backlogOf(queue.value),
    arrivalPerSecond: samples && arrivalRate(samples, sampledAt(postgres, nowMs)),
    drainPerSecond: postgres.state === "error" ? null : drainOf(postgres.value, sampledAt(postgres, nowMs)).activitiesPerSecond,
    writeUnitsPerActivity: samples && writeUnitsPerActivity(samples, sampledAt(postgres, nowMs)),
    effectiveWcuPerSecond: postgres.state === "error" ? null : postgres.value.drain.effectiveWcuPerSecond,
    nowMs,
  });
  // No fresher than the older of its two sources.
  const older = postgres.state === "stale" && (queue.state === "ok" || postgres.asOf < queue.asOf) ? postgres : queue;
  return pick<unknown, DrainEta>(older, () => eta, source);
}

/** The overview as of now: every figure with its source and age. Never throws; a source that is away shows as such. */
export async function overviewSnapshot({ sources, names, now }: { sources: Sources; names: SnapshotNames; now: () => number }): Promise<Overview> {
  const [queue, dead, postgres, table] = await Promise.all([sources.queue.get(), sources.deadLetterQueue.get(), sources.postgres.get(), sources.table.get()]);
  const nowMs = now();
  const samples = postgres.state === "error" ? null : postgres.value.samples;
  const sampledMs = sampledAt(postgres, nowMs);
  return {
    ...names,
    at: new Date(nowMs).toISOString(),
    figures: {
      waiting: pick(queue, ({ visible, delayed }) => visible + delayed),
      inFlight: pick(queue, ({ inFlight }) => inFlight),
      oldestAgeSeconds: await oldestAge({ sources, queue, postgres, nowMs }),
      deadLetters: pick(dead, backlogOf),
      arrivalPerSecond: arrival(postgres, sampledMs),
      drain: pick(postgres, (value) => drainOf(value, sampledMs), WORKER_SOURCE),
      provisionedWriteUnits: pick(table, ({ writeUnits }) => writeUnits),
      throttlesLastMinute: pick(postgres, (value) => throttlesLastMinute(value.samples, sampledMs), WORKER_SOURCE),
      timeToDrain: timeToDrain({ queue, postgres, nowMs }),
    },
    dial: pick(postgres, ({ drain }) => drain, "drain row"),
    writeUnitsPerActivity: samples && writeUnitsPerActivity(samples, sampledMs),
    workers: pick(postgres, (value) => workersOf(value, sampledMs), "worker registry"),
    live: liveSeries({ samples, waitingAt: sources.depths.all(), nowMs, seconds: LIVE_SECONDS }),
  };
}
