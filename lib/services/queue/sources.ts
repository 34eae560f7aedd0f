import type { Drain } from "#lib/contracts/drain.ts";
import type { ActivityTable } from "#lib/gateways/activity-table.ts";
import type { QueueMetrics } from "#lib/gateways/queue-metrics.ts";
import type { QueueAttributes, SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { RegisteredWorker, WorkerRegistry, WorkerSamples } from "#lib/gateways/worker-registry.ts";
import type { IngestSecond, Samples } from "./activity-samples.ts";
import { createDepthLog, type DepthLog } from "./depth-log.ts";
import { createPoller, type Poller } from "./poller.ts";

/** Reach of the chart's live part, seconds; CloudWatch's minutes lag by less. */
export const LIVE_SECONDS = 300;
/** Seconds that the workers' own rates are averaged over. */
export const WORKER_RATE_SECONDS = 10;
/** Workers that were last seen earlier are not listed, milliseconds. */
const LISTED_FOR_MS = 60 * 60_000;

/** What the snapshot reads from. */
export interface Backends {
  queue: Pick<SqsQueue, "attributes">;
  deadLetterQueue: Pick<SqsQueue, "attributes">;
  table: Pick<ActivityTable, "describe">;
  registry: Pick<WorkerRegistry, "list" | "samples">;
  ingest: { perSecond(range: { from: Date; to: Date }): Promise<readonly IngestSecond[]> };
  drain: { read(): Promise<Drain> };
  metrics: Pick<QueueMetrics, "oldestAge">;
  now: () => number;
  /** See the poller's. */
  onChange?: (source: string, error: unknown) => void;
}

/** What Postgres knows at one instant. */
export interface PostgresReading {
  drain: Drain;
  workers: RegisteredWorker[];
  samples: Samples;
  lately: WorkerSamples;
}

/** One poller per source, shared by every viewer. */
export interface Sources {
  queue: Poller<QueueAttributes>;
  deadLetterQueue: Poller<QueueAttributes>;
  postgres: Poller<PostgresReading>;
  table: Poller<{ writeUnits: number | null }>;
  oldestAge: Poller<{ seconds: number; at: Date } | null>;
  depths: DepthLog;
}

/** While nobody looks, the depth is still read this often, so that a chart opened in mid-spike has its beginning. */
const UNWATCHED_POLL_MS = 5_000;

/** A poller that from its first question on is asked every `everyMs` by itself; the timer keeps no process alive. */
function keptWarm<T>(poller: Poller<T>, everyMs: number): Poller<T> {
  let timer: NodeJS.Timeout | undefined;
  return {
    ...poller,
    get() {
      timer ??= setInterval(() => void poller.get(), everyMs).unref();
      return poller.get();
    },
  };
}

const LIVE = { ttlMs: 900, liveMs: 3_500, maxStaleMs: 5 * 60_000, waitMs: 1_500, timeoutMs: 4_000 };
const SLOW = { ttlMs: 30_000, liveMs: 90_000, maxStaleMs: 15 * 60_000, waitMs: 1_500, timeoutMs: 8_000 };

async function readPostgres({ drain, registry, ingest, now }: Backends): Promise<PostgresReading> {
  const nowMs = now();
  const range = { from: new Date(nowMs - (LIVE_SECONDS + 5) * 1000), to: new Date(nowMs + 1_000) };
  const settled = Math.floor((nowMs - 2_000) / 1000) * 1000;
  const [dial, workers, worker, accepted, lately] = await Promise.all([
    drain.read(),
    registry.list({ seenSince: new Date(nowMs - LISTED_FOR_MS) }),
    registry.samples(range),
    ingest.perSecond(range),
    registry.samples({ from: new Date(settled - WORKER_RATE_SECONDS * 1000), to: new Date(settled) }),
  ]);
  return { drain: dial, workers, samples: { worker, ingest: accepted }, lately };
}

/** Makes the pollers. Nothing is read before somebody looks; from then on the depth is read slowly by itself. */
export function createSources(backends: Backends): Sources {
  const { queue, deadLetterQueue, table, metrics, now, onChange } = backends;
  const common = { now, onChange };
  const depths = createDepthLog({ keepSeconds: LIVE_SECONDS });
  return {
    depths,
    queue: keptWarm(
      createPoller({
        ...LIVE,
        ...common,
        source: "SQS",
        async read(signal) {
          const attributes = await queue.attributes({ signal });
          depths.add(now(), attributes.visible);
          return attributes;
        },
      }),
      UNWATCHED_POLL_MS,
    ),
    deadLetterQueue: createPoller({ ...LIVE, ttlMs: 1_900, liveMs: 5_500, ...common, source: "SQS, dead-letter queue", read: (signal) => deadLetterQueue.attributes({ signal }) }),
    postgres: createPoller({ ...LIVE, ...common, source: "Postgres", read: () => readPostgres(backends) }),
    table: createPoller({ ...SLOW, ...common, source: "DescribeTable", read: (signal) => table.describe(signal) }),
    oldestAge: createPoller({ ...SLOW, ...common, source: "CloudWatch", read: (signal) => metrics.oldestAge({ now: new Date(now()) }, signal) }),
  };
}
