import type { TableDescription } from "#lib/gateways/activity-table.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import type { UserProgress } from "#lib/gateways/user-progress.ts";
import type { WorkerMetricsSink } from "#lib/gateways/worker-metrics.ts";
import type { WorkerRegistry, WorkerReport, WorkerState } from "#lib/gateways/worker-registry.ts";
import { sleep, withDeadline } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText, type WorkerEvent } from "./events.ts";

/** How often the drain row is read and the worker's own row written: the rate is obeyed and told within a second. */
const REPORT_EVERY_MS = 500;
const SAMPLES_EVERY_MS = 1_000;
const PROVISIONED_EVERY_MS = 30_000;
const METRICS_EVERY_MS = 60_000;
const CALL_TIMEOUT_MS = 3_000;

export interface ReportDeps {
  core: Core;
  drain: Pick<DrainStore, "read" | "setProvisioned">;
  registry: Pick<WorkerRegistry, "heartbeat" | "addSamples">;
  userProgress: Pick<UserProgress, "reportPassed">;
  describeTable: (signal: AbortSignal) => Promise<Pick<TableDescription, "writeUnits"> & Partial<Pick<TableDescription, "ceiling">>>;
  metrics: Pick<WorkerMetricsSink, "put">;
  identity: Pick<WorkerReport, "id" | "host" | "pid" | "version" | "startedAt">;
}

export type Reporter = ReturnType<typeof createReporter>;

/** What flows between this worker and the rest while it drains: the rate in; the acknowledgement, counts and metrics out. */
export function createReporter({ core, drain, registry, userProgress, describeTable, metrics, identity }: ReportDeps) {
  const { clock, emit, leaser, samples } = core;
  let state: WorkerState = "starting";
  let acknowledged: WorkerReport["acknowledged"] = null;
  let lastError: WorkerReport["lastError"] = null;
  let provisioned: number | null | undefined;
  let told: number | null = null;
  let published = { at: clock.now(), totals: samples.totals() };

  const inTime = <T>(what: string, work: (signal: AbortSignal) => Promise<T>) => withDeadline({ clock, ms: CALL_TIMEOUT_MS, what }, work);

  /**
   * Wakes whoever waits for the rate when it is not what they were last told: it changes by a read, by a lease that
   * finds the row again, and by time alone.
   */
  function tellOfRate(): void {
    const { effectiveWcuPerSecond } = leaser.rate();
    if (effectiveWcuPerSecond === told) return;
    told = effectiveWcuPerSecond;
    core.notify();
  }

  /** Reads the rate and obeys it. @throws when Postgres is away. */
  async function readRate(): Promise<void> {
    const row = await inTime("reading the drain row", () => drain.read());
    leaser.seen({ effectiveWcuPerSecond: row.effectiveWcuPerSecond, version: row.version, override: row.override });
    // When this version was first obeyed, not when it was last read: the page tells how fast a change was taken up.
    const at = acknowledged?.version === row.version ? acknowledged.at : new Date(clock.now());
    acknowledged = { rateWcuPerSecond: row.effectiveWcuPerSecond, version: row.version, at };
    tellOfRate();
  }

  /** Writes this worker's row. @throws when Postgres is away. */
  async function heartbeat(): Promise<void> {
    const { liveWorkers } = await inTime("a heartbeat", () => registry.heartbeat({ ...identity, state, acknowledged, lastError }));
    core.liveWorkers = liveWorkers;
  }

  async function rateAndHeartbeat(): Promise<void> {
    try {
      await readRate();
    } catch (thrown) {
      leaser.unreachable(thrown);
      tellOfRate();
      return;
    }
    await heartbeat();
  }

  async function flushSamples(): Promise<void> {
    const finished = samples.finished();
    await inTime("writing samples", () => registry.addSamples(finished));
    samples.written(finished);
  }

  async function flushProgress({ final = false } = {}): Promise<void> {
    await core.progress.flush({
      report: ({ rows, ...header }) => inTime("reporting users' progress", () => userProgress.reportPassed({ writer: identity.id, ...header }, rows)),
      nowMs: clock.monotonic(),
      final,
    });
  }

  /** Looks up what the table has and tells the row, whose guard is a share of it. @throws when either is away. */
  async function refreshProvisioned(): Promise<void> {
    const { writeUnits, ceiling } = await inTime("describing the table", (signal) => describeTable(signal));
    await inTime("writing the provisioned units", () => drain.setProvisioned({ writeUnits, ...(ceiling && { ceiling }) }));
    if (writeUnits !== provisioned) emit({ event: "provisioned", writeUnits });
    provisioned = writeUnits;
  }

  async function publish(): Promise<void> {
    const totals = samples.totals();
    const since = published.totals;
    const at = clock.now();
    await inTime("putting metrics", (signal) =>
      metrics.put(
        {
          at: new Date(at),
          storedActivities: totals.stored - since.stored,
          writeUnits: totals.writeUnits - since.writeUnits,
          failures: totals.failed - since.failed,
          deadLetters: totals.dead - since.dead,
          throttles: totals.throttles - since.throttles,
        },
        signal,
      ),
    );
    published = { at, totals };
  }

  async function every(ms: number, signal: AbortSignal, what: (WorkerEvent & { event: "report_failed" })["what"], work: () => Promise<void>) {
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      try {
        await work();
      } catch (thrown) {
        emit({ event: "report_failed", what, error: errorText(thrown) });
      }
      await sleep(clock, Math.max(50, ms - (clock.monotonic() - startedMs)), signal);
    }
  }

  return {
    readRate,
    heartbeat,
    refreshProvisioned,

    /** The state to report from now on. */
    become(next: WorkerState): void {
      state = next;
    },

    /** The last error, shown beside the worker. */
    noteError(message: string): void {
      lastError = { message: message.slice(0, 500), at: new Date(clock.now()) };
    },

    /** Runs until the signal aborts. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      await Promise.all([
        every(REPORT_EVERY_MS, signal, "heartbeat", rateAndHeartbeat),
        every(SAMPLES_EVERY_MS, signal, "samples", flushSamples),
        every(SAMPLES_EVERY_MS, signal, "progress", flushProgress),
        every(PROVISIONED_EVERY_MS, signal, "provisioned", refreshProvisioned),
        sleep(clock, METRICS_EVERY_MS, signal).then(() => every(METRICS_EVERY_MS, signal, "metrics", publish)),
      ]);
    },

    /** The last words of a graceful stop, best effort. */
    async farewell(): Promise<void> {
      state = "stopped";
      await Promise.allSettled([flushSamples(), flushProgress({ final: true }), heartbeat(), publish()]);
    },
  };
}
