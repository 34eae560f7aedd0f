import type { BackendConfig } from "#lib/config/backend.ts";
import type { SinksConfig } from "#lib/config/sinks.ts";
import type { WorkerConfig } from "#lib/config/worker.ts";
import type { WorkerHealthConfig } from "#lib/config/worker-health.ts";
import { ensureDrain } from "#lib/services/drain/ensure.ts";
import { createAttempts } from "./attempts.ts";
import { openBackends } from "./backends.ts";
import { sleep, systemClock } from "./clock.ts";
import { createConsumer } from "./consumer.ts";
import { createDeaths } from "./deaths.ts";
import { runDuties } from "./duties.ts";
import { type Emit, errorText, levelOf, createEmitter } from "./events.ts";
import { createMetrics } from "./metrics.ts";
import { createPushes } from "./pushes.ts";
import { createReporter } from "./report.ts";
import { createSinks, longestPushMs } from "./sinks/list.ts";
import { startVitals } from "./vitals.ts";

const MAX_START_WAIT_MS = 10_000;

export interface Identity {
  id: string;
  host: string;
  pid: number;
  version: string;
}

/**
 * A whole worker against real backends, from start to stop. It drains only once it has reached Postgres and the table:
 * the rate and the guard come from there. Things are started in order and released in the reverse order.
 */
export async function runWorker({
  backend,
  config,
  sinks: sinksConfig,
  health,
  identity,
  stop,
  log,
  onWedged,
}: {
  backend: BackendConfig;
  config: WorkerConfig;
  sinks: SinksConfig;
  health: WorkerHealthConfig;
  identity: Identity;
  stop: AbortSignal;
  log: Emit;
  /** Receiving has stopped for good: ends the process, which is started again. */
  onWedged: () => void;
}): Promise<void> {
  const clock = systemClock;
  const worker = identity.id;
  const random = () => Math.random();
  const uuid = () => crypto.randomUUID();
  const sinks = createSinks(sinksConfig, { clock, random, longestMs: longestPushMs(config.visibilitySeconds) });
  const prometheus = createMetrics({ worker, version: identity.version, queue: backend.queue, startedAtMs: clock.now() });
  const backends = openBackends(backend, config, sinksConfig, prometheus.awsCall);
  let noteError = (_message: string): void => {};
  const emit = createEmitter([
    log,
    prometheus.onEvent,
    (event) => {
      if ("error" in event && (levelOf(event) === "error" || levelOf(event) === "warn")) noteError(`${event.event}: ${event.error}`);
    },
  ]);
  const deaths = createDeaths({ ledger: backends.ledger, deadLetterQueue: backends.deadLetterQueue, worker, onEvent: emit, clock });
  const attempts = createAttempts({ failing: backends.failing, ledger: backends.ledger, worker, allowedAttempts: config.attempts });
  const { queue, table, drain, registry, metrics } = backends;
  const pushing = { sinks, filter: backends.pushFilter, clock, random, uuid, emit, visibilityMs: config.visibilitySeconds * 1000 };
  const pushes = sinks.length > 0 ? createPushes(pushing) : undefined;
  const consumer = createConsumer({ clock, random, uuid, emit, queue, table, drain, attempts, deaths, pushes, workerId: worker, config });
  const reporter = createReporter({
    core: consumer.core,
    drain,
    registry,
    userProgress: backends.userProgress,
    metrics,
    describeTable: (signal) => table.describe(signal),
    identity: { ...identity, startedAt: new Date() },
  });
  noteError = (message) => reporter.noteError(message);
  const { visibilitySeconds } = config;
  const vitals = await startVitals({ config: health, consumer, metrics: prometheus, worker, visibilitySeconds, clock, emit, onWedged });
  emit({ event: "started", worker, queue: backend.queue, table: backend.table, sinks: sinks.map(({ name }) => name) });

  /** @returns whether all backends were reached before the stop. */
  async function reachBackends(): Promise<boolean> {
    for (let waitMs = 500; !stop.aborted; waitMs = Math.min(MAX_START_WAIT_MS, waitMs * 2)) {
      try {
        await ensureDrain({ ctx: { drain } });
        await reporter.refreshProvisioned();
        await reporter.readRate();
        await reporter.heartbeat();
        return true;
      } catch (thrown) {
        emit({ event: "waiting_for_backends", error: errorText(thrown) });
        await sleep(clock, waitMs, stop);
      }
    }
    return false;
  }

  if (!(await reachBackends())) {
    await vitals.close();
    await backends.close();
    emit({ event: "stopped", unfinished: 0 });
    return;
  }
  const reporting = new AbortController();
  const leading = new AbortController();
  reporter.become("running");
  consumer.start();
  vitals.running();
  const reports = reporter.run(reporting.signal);
  const duties = runDuties({ backends, deaths, holder: worker, emit, signal: leading.signal, clock, uuid });
  emit({ event: "ready", worker, effectiveWcuPerSecond: consumer.core.leaser.rate().effectiveWcuPerSecond, healthUrl: vitals.url });

  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
  emit({ event: "stopping", signal: String(stop.reason) });
  reporter.become("stopping");
  vitals.stopping();
  leading.abort();
  const { unfinished } = await consumer.stop({ deadlineMs: config.stopSeconds * 1000 });
  await Promise.race([duties, sleep(clock, 5_000)]);
  reporting.abort();
  await reports;
  await reporter.farewell();
  await vitals.close();
  for (const sink of sinks) sink.close();
  await backends.close();
  emit({ event: "stopped", unfinished });
}
