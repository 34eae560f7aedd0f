import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";
import type { IngestSamples } from "#lib/gateways/ingest-samples.ts";
import type { WorkerRegistry } from "#lib/gateways/worker-registry.ts";
import type { FailingMessages } from "#lib/gateways/failing-messages.ts";
import type { LeaderLease } from "#lib/gateways/leader-lease.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Deaths } from "./deaths.ts";
import { createDrainMode, type DrainModeDeps } from "./drain-mode.ts";
import { createDlqWalk, type WalkedLedger } from "./dlq-walk.ts";
import { type Emit, errorText } from "./events.ts";
import { createLeader, pause } from "./leader.ts";
import { createProgressHeal, type ProgressHealDeps } from "./progress-heal.ts";
import { createRedriveJob } from "./redrive-runs.ts";
import { createSweeper } from "./sweeper.ts";

/** How long samples and the rows of gone workers are kept. */
const KEPT_MS = 24 * 3_600_000;
const PRUNE_EVERY_MS = 10 * 60_000;

/** What the duties use of the backends. */
export interface DutyBackends {
  lease: LeaderLease;
  ledger: WalkedLedger & Pick<DeadLetterLedger, "unswept">;
  failing: Pick<FailingMessages, "prune">;
  runs: Pick<RedriveRuns, "pending" | "markSent">;
  registry: Pick<WorkerRegistry, "prune">;
  ingestSamples: Pick<IngestSamples, "prune">;
  queue: Pick<SqsQueue, "sendBatch">;
  deadLetterQueue: Pick<SqsQueue, "receive" | "deleteBatch" | "changeVisibilityBatch" | "attributes">;
  /** For the modes auto and goal, whose rate the leader finds; left out, nobody does. */
  drainMode?: Omit<DrainModeDeps, "clock" | "emit">;
  /** For users' progress once the queue is empty; left out, nothing is healed or pruned. */
  progressHeal?: Omit<ProgressHealDeps, "clock" | "emit">;
}

interface Prune extends Pick<DutyBackends, "registry" | "ingestSamples"> {
  emit: Emit;
  clock: Clock;
  signal: AbortSignal;
}

/** Removes old samples; a leader's duty. Never throws. */
async function prune({ registry, ingestSamples, emit, clock, signal }: Prune) {
  while (!signal.aborted) {
    try {
      const before = new Date(clock.now() - KEPT_MS);
      const { samples, workers } = await registry.prune({ before });
      emit({ event: "pruned", workers, samples: samples + (await ingestSamples.prune({ before })) });
    } catch (thrown) {
      emit({ event: "duty.failed", duty: "prune", error: errorText(thrown) });
    }
    await pause(PRUNE_EVERY_MS, signal, clock);
  }
}

/** The duties that one worker at a time does for all. Each runs until the signal aborts. Never throws. */
export async function runDuties({
  backends,
  deaths,
  holder,
  emit,
  signal,
  clock = systemClock,
  uuid = () => crypto.randomUUID(),
}: {
  backends: DutyBackends;
  deaths: Deaths;
  holder: string;
  emit: Emit;
  signal: AbortSignal;
  clock?: Clock;
  uuid?: () => string;
}): Promise<void> {
  const { lease, ledger, failing, runs, registry, ingestSamples, queue, deadLetterQueue } = backends;
  const walk = createDlqWalk({ ledger, deaths, deadLetterQueue, onEvent: emit, clock, uuid });
  const sweeper = createSweeper({ ledger, failing, walk, onEvent: emit, clock });
  const redrive = createRedriveJob({ runs, queue, onEvent: emit, clock });
  const drainMode = backends.drainMode && createDrainMode({ ...backends.drainMode, clock, emit });
  const progressHeal = backends.progressHeal && createProgressHeal({ ...backends.progressHeal, clock, emit });
  const duties: [string, (signal: AbortSignal) => Promise<void>][] = [
    ["sweeper", (signal) => sweeper.run(signal)],
    ["redrive", (signal) => redrive.run(signal)],
    ...(drainMode ? [["drain-mode", (signal: AbortSignal) => drainMode.run(signal)] as [string, (signal: AbortSignal) => Promise<void>]] : []),
    ...(progressHeal ? [["progress", (signal: AbortSignal) => progressHeal.run(signal)] as [string, (signal: AbortSignal) => Promise<void>]] : []),
    ["prune", (signal) => prune({ registry, ingestSamples, emit, clock, signal })],
  ];
  await Promise.all(duties.map(([duty, run]) => createLeader({ lease, duty, holder, run, onEvent: emit, clock }).run(signal)));
}
