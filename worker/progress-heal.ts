import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { UserProgress } from "#lib/gateways/user-progress.ts";
import { type Clock, sleep, withDeadline } from "./clock.ts";
import { type Emit, errorText } from "./events.ts";

const LOOK_EVERY_MS = 10_000;
/** How long the queue must have read empty: twice what its counters may lag. */
const EMPTY_MS = 120_000;
/** Two looks further apart say nothing of what was between them. */
const GAP_MS = 30_000;
const HEAL_USERS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;
const PRUNE_USERS = 5_000;
const DAY_SECONDS = 86_400;
/** The longest that SQS keeps a message. */
const MAX_RETENTION_SECONDS = 14 * DAY_SECONDS;
const CALL_TIMEOUT_MS = 6_000;

export interface ProgressHealDeps {
  progress: Pick<UserProgress, "toHeal" | "heal" | "healLosses" | "prune">;
  queue: Pick<SqsQueue, "attributes">;
  clock: Clock;
  emit: Emit;
}

/**
 * The leader's duty that takes for passed what was accepted before the queue became empty, and removes users of whom
 * nothing was told for long. Receives nothing. All times that it compares are the database's.
 */
export function createProgressHeal({ progress, queue, clock, emit }: ProgressHealDeps) {
  /** Looks at an empty queue, none missed between them, oldest first; epoch ms, each taken before its look. */
  let empty: number[] = [];
  let prunedAtMs = Number.NEGATIVE_INFINITY;
  const inTime = <T>(what: string, work: (signal: AbortSignal) => Promise<T>) => withDeadline({ clock, ms: CALL_TIMEOUT_MS, what }, work);

  /** @returns the latest look since which the queue has been empty for long enough, as far as is known. */
  async function emptySince(): Promise<number | undefined> {
    const looks = empty;
    empty = []; // what fails from here on starts anew
    const { at, any } = await inTime("asking what there is to heal", () => progress.toHeal());
    if (!any) return undefined;
    const { visible, inFlight, delayed } = await inTime("the queue's depth", (signal) => queue.attributes({ signal }));
    if (visible + inFlight + delayed > 0) return undefined;
    const atMs = at.getTime();
    const last = looks.at(-1) ?? atMs;
    const unbroken = last <= atMs && atMs - last <= GAP_MS ? looks : [];
    const since = unbroken.findLast((lookMs) => lookMs <= atMs - EMPTY_MS);
    empty = [...unbroken.filter((lookMs) => lookMs >= (since ?? 0)), atMs];
    return since;
  }

  /** Looks once. @throws when a source is away: the wait for an empty queue starts anew. */
  async function look(signal?: AbortSignal): Promise<void> {
    const since = await emptySince();
    if (since === undefined) return;
    const before = new Date(since);
    let users = 0;
    for (;;) {
      const healed = await inTime("healing users' progress", () => progress.heal({ before, limit: HEAL_USERS }));
      users += healed;
      if (healed < HEAL_USERS || signal?.aborted) break;
    }
    await inTime("healing losses of reports", () => progress.healLosses({ before }));
    if (users > 0) emit({ event: "progress_healed", users });
  }

  /** Removes what is older than anything the queue can hold, slice by slice. */
  async function prune(signal?: AbortSignal): Promise<void> {
    const { retentionSeconds } = await inTime("the queue's retention", (abort) => queue.attributes({ signal: abort }));
    const olderThanSeconds = (retentionSeconds ?? MAX_RETENTION_SECONDS) + DAY_SECONDS;
    let after: string | null = "";
    while (after !== null) {
      const from: string = after;
      const { next } = await inTime("pruning users' progress", () => progress.prune({ olderThanSeconds, after: from, limit: PRUNE_USERS }));
      after = signal?.aborted ? null : next;
    }
  }

  return {
    look,
    prune,

    /** Runs until the signal aborts. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      empty = []; // another may have led meanwhile
      while (!signal.aborted) {
        try {
          await look(signal);
          if (clock.monotonic() - prunedAtMs >= PRUNE_EVERY_MS) {
            prunedAtMs = clock.monotonic();
            await prune(signal);
          }
        } catch (thrown) {
          emit({ event: "duty.failed", duty: "progress", error: errorText(thrown) });
        }
        await sleep(clock, LOOK_EVERY_MS, signal);
      }
    },
  };
}
