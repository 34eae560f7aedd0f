import type { WorkerConfig } from "#lib/config/worker.ts";
import type { ActivityTable } from "#lib/gateways/activity-table.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { Attempts } from "./attempts.ts";
import { type Clock, createWake } from "./clock.ts";
import type { Deaths } from "./deaths.ts";
import type { Emit } from "./events.ts";
import { createLanes, type Lane } from "./lanes.ts";
import { createLeaser } from "./lease.ts";
import { createOutage } from "./outage.ts";
import type { Pushes } from "./pushes.ts";
import { createProgress } from "./progress.ts";
import { createReceipts } from "./receipts.ts";
import { createSamples } from "./samples.ts";
import { createThroughput } from "./throughput.ts";

/** The worker's whole outside world: a simulator hands in fakes of it and a clock of its own. */
export interface Deps {
  clock: Clock;
  /** 0 to 1. */
  random: () => number;
  uuid: () => string;
  emit: Emit;
  queue: Pick<SqsQueue, "receive" | "deleteBatch" | "changeVisibilityBatch">;
  table: Pick<ActivityTable, "put" | "putBatch">;
  drain: Pick<DrainStore, "lease" | "throttled">;
  attempts: Pick<Attempts, "startMark" | "marksOf" | "clear" | "unmark" | "failed" | "deathOf">;
  deaths: Pick<Deaths, "die" | "complete" | "resolveRedriven">;
  /** What follows a store and precedes its ack; absent where no sink is on. */
  pushes?: Pick<Pushes, "push" | "blocked"> | undefined;
  workerId: string;
  config: WorkerConfig;
}

export type Core = ReturnType<typeof createCore>;

/** What the worker's steps share. */
export function createCore(deps: Deps) {
  const { clock, emit } = deps;
  const changed = createWake();
  const onChange = new Set<() => void>();
  const notify = () => {
    changed.wake();
    for (const listener of onChange) listener();
  };
  const lanes = createLanes({ onChange: notify });
  return {
    ...deps,
    /** Woken by `notify`, which is called whenever a lane, a slot, the rate or the run state has changed. */
    changed,
    onChange,
    notify,
    lanes,
    leaser: createLeaser({ drain: deps.drain, clock, emit }),
    receipts: createReceipts({ queue: deps.queue, clock, emit }),
    /** What is told of each user. */
    progress: createProgress(),
    samples: createSamples({ workerId: deps.workerId, now: clock.now }),
    throughput: createThroughput({ clock }),
    /** Of the batches that are being stored. */
    underWay: { writeUnits: 0 },
    outage: createOutage({ clock, random: deps.random, onChange: notify }),
    /** Ends receiving and new batches. Never the signal of an ack or of a store. */
    stopping: new AbortController(),
    /** The stop's deadline has passed: cuts off stores that still run. */
    cutOff: new AbortController(),
    /** Workers among which the rate is shared, this one included. */
    liveWorkers: 1,

    /** Puts an idle or claimed lane off for a while. */
    putOff(lane: Lane, delayMs: number): void {
      lanes.putOff(lane, clock.monotonic() + delayMs);
      clock.setTimer(notify, delayMs + 1);
    },
  };
}
