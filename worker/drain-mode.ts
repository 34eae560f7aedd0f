import { autoRate, goalRate } from "#lib/domain/drain-mode.ts";
import { guardWcu } from "#lib/domain/drain-rate.ts";
import type { Drain } from "#lib/contracts/drain.ts";
import type { ComputedRate, DrainModes } from "#lib/gateways/drain-modes.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import type { IngestSamples } from "#lib/gateways/ingest-samples.ts";
import type { QueueMetrics } from "#lib/gateways/queue-metrics.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { WorkerRegistry } from "#lib/gateways/worker-registry.ts";
import { type Clock, sleep, withDeadline } from "./clock.ts";
import { type Emit, errorText } from "./events.ts";

/** How often the rate of the modes auto and goal is worked out. */
export const COMPUTE_EVERY_MS = 3_000;
const CALL_TIMEOUT_MS = 3_000;
/** Samples arrive up to this much later. */
const SETTLE_MS = 2_000;
const ARRIVAL_SECONDS = 30;
const COST_SECONDS = 300;
const THROTTLE_SECONDS = 6;
/** CloudWatch's minutes: how often they are looked at, and how late they may come. */
const OTHERS_EVERY_MS = 60_000;
const OTHERS_BACK_MS = 6 * 60_000;

export interface DrainModeDeps {
  drain: Pick<DrainStore, "read">;
  modes: Pick<DrainModes, "setComputed">;
  queue: Pick<SqsQueue, "attributes">;
  registry: Pick<WorkerRegistry, "samples">;
  ingestSamples: Pick<IngestSamples, "perSecond">;
  /** CloudWatch's view of the table. */
  history: Pick<QueueMetrics, "history">;
  clock: Clock;
  emit: Emit;
}

/** The leader's duty that finds the rate of the modes auto and goal, and writes it into the drain row. */
export function createDrainMode({ drain, modes, queue, registry, ingestSamples, history, clock, emit }: DrainModeDeps) {
  let others: { atMs: number; wcu: number | null } = { atMs: Number.NEGATIVE_INFINITY, wcu: null };
  const inTime = <T>(what: string, work: (signal: AbortSignal) => Promise<T>) => withDeadline({ clock, ms: CALL_TIMEOUT_MS, what }, work);
  const boundsOf = (row: Drain) => ({ guardWcu: guardWcu(row), dialWcu: row.rateWcuPerSecond });

  async function workersDid(seconds: number) {
    const toMs = clock.now() + 1_000;
    const { perSecond } = await registry.samples({ from: new Date(toMs - 1_000 - seconds * 1000), to: new Date(toMs) });
    const sum = (of: "stored" | "writeUnits" | "throttles") => perSecond.reduce((total, row) => total + row[of], 0);
    return { stored: sum("stored"), writeUnits: sum("writeUnits"), throttles: sum("throttles") };
  }

  /** Accepted a second, or null when no public API has reported lately. */
  async function arrival(): Promise<number | null> {
    const toMs = Math.floor((clock.now() - SETTLE_MS) / 1000) * 1000;
    const rows = await ingestSamples.perSecond({ from: new Date(toMs - ARRIVAL_SECONDS * 1000), to: new Date(toMs) });
    return rows.length === 0 ? null : rows.reduce((sum, { accepted }) => sum + accepted, 0) / rows.length;
  }

  async function towardsGoal(row: Drain, clearBy: string): Promise<ComputedRate> {
    const [depth, lately, arrivalPerSecond] = await Promise.all([
      inTime("the queue's depth", (signal) => queue.attributes({ signal })),
      inTime("the workers' samples", () => workersDid(COST_SECONDS)),
      inTime("the arrivals", () => arrival()),
    ]);
    const { rateWcuPerSecond, neededWcuPerSecond, state } = goalRate({
      ...boundsOf(row),
      backlog: depth.visible + depth.inFlight + depth.delayed,
      arrivalPerSecond,
      writeUnitsPerActivity: lately.stored > 0 ? Math.max(1, lately.writeUnits / lately.stored) : 1,
      secondsLeft: (Date.parse(clearBy) - clock.now()) / 1000,
      factor: row.factor,
    });
    return { mode: "goal", version: row.version, rateWcuPerSecond, neededWcuPerSecond, goalState: state };
  }

  /** What others than the workers consumed in the newest minute that CloudWatch has; null when it has none. */
  async function measureOthers(): Promise<number | null> {
    const nowMs = clock.now();
    const points = await inTime("CloudWatch", (signal) =>
      history.history({ from: new Date(nowMs - OTHERS_BACK_MS), to: new Date(nowMs), periodSeconds: 60, fields: ["consumedWriteUnitsPerSecond"] }, signal),
    );
    const newest = points.findLast(({ t, consumedWriteUnitsPerSecond }) => consumedWriteUnitsPerSecond !== null && (t + 60) * 1000 <= nowMs);
    if (!newest || newest.consumedWriteUnitsPerSecond === null) return null;
    const own = await registry.samples({ from: new Date(newest.t * 1000), to: new Date((newest.t + 60) * 1000) });
    const ours = own.perSecond.reduce((sum, { writeUnits }) => sum + writeUnits, 0) / 60;
    return Math.max(0, newest.consumedWriteUnitsPerSecond - ours);
  }

  async function othersWcu(): Promise<number | null> {
    const nowMs = clock.monotonic();
    if (nowMs - others.atMs < OTHERS_EVERY_MS) return others.wcu;
    // While CloudWatch is away the last known figure stands.
    others = { atMs: nowMs, wcu: await measureOthers().catch(() => others.wcu) };
    return others.wcu;
  }

  async function byCapacity(row: Drain): Promise<ComputedRate> {
    const [lately, taken] = await Promise.all([inTime("the workers' samples", () => workersDid(THROTTLE_SECONDS)), othersWcu()]);
    const rateWcuPerSecond = autoRate({ ...boundsOf(row), presentWcu: row.computedWcuPerSecond, throttled: lately.throttles > 0, othersWcu: taken });
    return { mode: "auto", version: row.version, rateWcuPerSecond, neededWcuPerSecond: null, goalState: null };
  }

  /** Works the rate out once, where the row's mode asks for it. @throws when a source is away: the last rate stands. */
  async function compute(): Promise<void> {
    const row = await inTime("reading the drain row", () => drain.read());
    let computed: ComputedRate | null = null;
    if (row.mode === "auto") computed = await byCapacity(row);
    else if (row.mode === "goal" && row.goal !== null) computed = await towardsGoal(row, row.goal.clearBy);
    if (computed === null) return;
    const rate = computed;
    if (!(await inTime("writing the rate", () => modes.setComputed(rate)))) return;
    const { mode, rateWcuPerSecond, goalState } = rate;
    if (goalState !== (row.goal?.state ?? null)) emit({ event: "goal_state", state: goalState, rateWcuPerSecond });
    emit({ event: "rate_computed", mode, rateWcuPerSecond });
  }

  return {
    compute,

    /** Runs until the signal aborts. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const startedMs = clock.monotonic();
        try {
          await compute();
        } catch (thrown) {
          emit({ event: "duty.failed", duty: "drain-mode", error: errorText(thrown) });
        }
        await sleep(clock, Math.max(500, COMPUTE_EVERY_MS - (clock.monotonic() - startedMs)), signal);
      }
    },
  };
}
