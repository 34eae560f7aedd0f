import type { WorkerConfig } from "#lib/config/worker.ts";
import type { ActivityTable } from "#lib/gateways/activity-table.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import type { FailingMessages } from "#lib/gateways/failing-messages.ts";
import type { LeaderLease } from "#lib/gateways/leader-lease.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { UserProgress } from "#lib/gateways/user-progress.ts";
import type { WorkerRegistry } from "#lib/gateways/worker-registry.ts";
import { createAttempts } from "#worker/attempts.ts";
import { sleep } from "#worker/clock.ts";
import { createConsumer } from "#worker/consumer.ts";
import type { Deps } from "#worker/core.ts";
import { createDeaths } from "#worker/deaths.ts";
import { runDuties } from "#worker/duties.ts";
import { createEmitter, type WorkerEvent } from "#worker/events.ts";
import { createPushes } from "#worker/pushes.ts";
import { createReporter } from "#worker/report.ts";
import { longestPushMs } from "#worker/sinks/list.ts";
import { createWebhookSink } from "#worker/sinks/webhook.ts";
import type { WorkerLedger } from "./postgres/ledger.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";
import type { Pushing } from "./webhook.ts";

/** Longest wait for the webhook's receiver, as configured by default. */
export const WEBHOOK_TIMEOUT_MS = 5_000;

/** The outside world of one worker process. */
export interface Backends {
  queue: SqsQueue;
  deadLetterQueue: SqsQueue;
  table: Pick<ActivityTable, "put" | "putBatch">;
  drain: Pick<DrainStore, "ensure" | "read" | "lease" | "setProvisioned" | "throttled">;
  failing: FailingMessages;
  ledger: WorkerLedger;
  runs: Pick<RedriveRuns, "pending" | "markSent">;
  lease: LeaderLease;
  registry: Pick<WorkerRegistry, "heartbeat" | "addSamples" | "prune">;
  userProgress: Pick<UserProgress, "reportPassed">;
  /** Null where no sink is on. */
  pushing: Pushing | null;
  describeTable: (signal: AbortSignal) => Promise<{ writeUnits: number | null }>;
}

/** Faults planted into the worker's code, from outside of it: for the checker's own test. */
export interface Planted {
  backends?: (backends: Backends) => Backends;
  pushes?: (pushes: NonNullable<Deps["pushes"]>, clock: Deps["clock"]) => NonNullable<Deps["pushes"]>;
  acts?: (acts: Pick<Deps, "attempts" | "deaths">, backends: Backends) => Pick<Deps, "attempts" | "deaths">;
}

export type WorkerProcess = ReturnType<typeof startWorkerProcess>;

/**
 * A worker as worker/worker.ts puts it together, on a simulated host.
 * @param onEvent told of each step before it goes on; it may kill the host.
 * @param onEnd the process ended by itself.
 */
export function startWorkerProcess({
  host,
  random,
  backends: real,
  config,
  planted,
  onEvent,
  onEnd,
}: {
  host: Host;
  random: Random;
  backends: Backends;
  config: WorkerConfig;
  planted: Planted;
  onEvent: (event: WorkerEvent) => void;
  onEnd: () => void;
}) {
  const { clock, name: worker } = host;
  const backends = planted.backends?.(real) ?? real;
  const emit = createEmitter([onEvent]);
  const deaths = createDeaths({ ledger: backends.ledger, deadLetterQueue: backends.deadLetterQueue, worker, onEvent: emit, clock });
  const attempts = createAttempts({ failing: backends.failing, ledger: backends.ledger, worker, allowedAttempts: config.attempts });
  const acts = planted.acts?.({ attempts, deaths }, backends) ?? { attempts, deaths };
  const { queue, table, drain, registry } = backends;
  let uuids = 0;
  const uuid = () => `${worker}-${(uuids += 1)}`;

  /** Pushes as worker/worker.ts puts them together. */
  function pushesOver({ webhook, filter }: Pushing) {
    const longestMs = longestPushMs(config.visibilitySeconds);
    const sink = createWebhookSink({ webhook, config: { timeoutMs: Math.min(WEBHOOK_TIMEOUT_MS, longestMs) }, longestMs, clock, random: random.next });
    const pushes = createPushes({ sinks: [sink], filter, clock, random: random.next, uuid, emit, visibilityMs: config.visibilitySeconds * 1000 });
    return planted.pushes?.(pushes, clock) ?? pushes;
  }
  const pushes = backends.pushing ? pushesOver(backends.pushing) : undefined;
  const consumer = createConsumer({ clock, random: random.next, uuid, emit, queue, table, drain, ...acts, pushes, workerId: worker, config });
  const reporter = createReporter({
    core: consumer.core,
    drain,
    registry,
    userProgress: backends.userProgress,
    metrics: { put: async () => {} },
    describeTable: backends.describeTable,
    identity: { id: worker, host: "simulated", pid: 1, version: "0", startedAt: new Date(clock.now()) },
  });
  const stopping = new AbortController();
  const reporting = new AbortController();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await drain.ensure();
        await reporter.refreshProvisioned();
        await reporter.readRate();
        await reporter.heartbeat();
        break;
      } catch {
        await sleep(clock, 1_000, stopping.signal);
      }
    }
    if (stopping.signal.aborted) return;
    reporter.become("running");
    consumer.start();
    const reports = reporter.run(reporting.signal);
    const leading = new AbortController();
    const prunedElsewhere = { prune: async () => 0 };
    const duties = runDuties({
      backends: { ...backends, ingestSamples: prunedElsewhere },
      deaths,
      holder: worker,
      emit,
      signal: leading.signal,
      clock,
      uuid,
    });
    await new Promise<void>((resolve) => {
      if (stopping.signal.aborted) resolve();
      else stopping.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    reporter.become("stopping");
    leading.abort();
    await consumer.stop({ deadlineMs: config.stopSeconds * 1000 });
    await Promise.race([duties, sleep(clock, 5_000)]);
    reporting.abort();
    await reports;
    await reporter.farewell();
  }

  void run().then(onEnd);

  return {
    host,
    /** SIGTERM. */
    stop: () => host.run(() => stopping.abort("SIGTERM")),
  };
}
