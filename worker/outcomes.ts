import type { DeathReason } from "#lib/contracts/dead-letters.ts";
import { REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import { nackDelaySeconds, retryDelayMs } from "#lib/domain/backoff.ts";
import type { BatchPart } from "./batch.ts";
import { sleep } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText, type WorkerEvent } from "./events.ts";
import { type Held, type Lane, messageIds } from "./lanes.ts";
import type { PushOutcome } from "./pushes.ts";
import type { PutOutcome } from "./store.ts";

/** How long a lane is released for when Postgres or the DLQ could not take what they must. */
const LEDGER_AWAY_SECONDS = 10;
/** How long a mark that cannot be taken back is tried again. */
const UNMARK_WITHIN_MS = 2_000;
/** Marks owed that are remembered; the oldest is forgotten first. */
const MOST_OWED = 10_000;
/** Stored messages of a lane that is not through are acked after this long. */
const ACK_AFTER_MS = 1_000;

export interface Cause {
  reason: DeathReason;
  error: string;
}

export type Outcomes = ReturnType<typeof createOutcomes>;

/**
 * What follows a lane's turn. Each function here owns the lane (it is `busy`) and ends by giving it back or letting
 * it go.
 */
export function createOutcomes(core: Core) {
  const { attempts, deaths, lanes, progress, receipts, samples, clock, emit, random } = core;

  /** Messages whose marks this process could not take back: it lives, so those are no kills. */
  const owed = new Set<string>();

  /** Takes marks back that stand for no killed process. @throws when Postgres is away; they are owed then. */
  async function takeBack(ids: readonly string[]): Promise<void> {
    for (const id of ids) owed.add(id);
    for (const id of owed) {
      if (owed.size <= MOST_OWED) break;
      owed.delete(id);
    }
    await attempts.unmark(ids);
    for (const id of ids) owed.delete(id);
  }

  /**
   * Marks of handlings that ended without a count. Tried again for a moment, while nobody else can see the message: a
   * mark that stays is read as a killed process by whoever gets it next.
   */
  async function unmark(held: readonly Held[]): Promise<void> {
    const marked = held.filter((one) => one.marked);
    if (marked.length === 0) return;
    const untilMs = Math.min(clock.monotonic() + UNMARK_WITHIN_MS, ...marked.map(({ visibleUntilMs }) => visibleUntilMs));
    for (let tries = 0; ; tries += 1) {
      try {
        await takeBack(messageIds(marked));
        for (const one of marked) one.marked = false;
        return;
      } catch (thrown) {
        emit({ event: "ledger_unreachable", error: errorText(thrown) });
      }
      const waitMs = retryDelayMs(tries, random());
      if (clock.monotonic() + waitMs >= untilMs || core.cutOff.signal.aborted) return;
      await sleep(clock, waitMs, core.cutOff.signal);
    }
  }

  /** Before a message leaves a mark: what this process still owes it. @throws when Postgres is away. */
  async function settleOwed({ message, marked }: Held): Promise<void> {
    if (marked || owed.has(message.messageId)) await takeBack([message.messageId]);
  }

  /** Takes the marks of a handling away that came to nothing, so that the next one starts afresh. */
  async function restart(held: readonly Held[]): Promise<void> {
    await unmark(held);
    for (const one of held) one.prepared = one.message.receiveCount <= 1;
  }

  /** Lets a lane go without a word to SQS: its own timeout brings the messages back. */
  async function leave(lane: Lane, why: (WorkerEvent & { event: "left" })["why"]): Promise<void> {
    const held = lanes.drop(lane);
    emit({ event: "left", messageIds: messageIds(held), why });
    await unmark(held);
  }

  /** Lets a lane go and makes its messages visible after `delaySeconds`, uncounted. */
  async function release(lane: Lane, why: (WorkerEvent & { event: "released" })["why"], delaySeconds: number): Promise<void> {
    const held = lanes.drop(lane);
    await unmark(held);
    await receipts.changeVisibility(held, delaySeconds);
    emit({ event: "released", messageIds: messageIds(held), why, delaySeconds });
  }

  /**
   * Pushes and acks the stored messages at the front of a lane, in order: the first push that comes to nothing ends
   * it, with what is before it acked.
   * @returns whether the lane is still held and may go on.
   */
  async function finish(lane: Lane): Promise<boolean> {
    const open = lane.held.findIndex((one) => one.storedAtMs === null);
    const done = open < 0 ? lane.held.slice() : lane.held.slice(0, open);
    const { pushes } = core;
    if (!pushes) return done.length === 0 || (await conclude(lane, done));
    let through: Held[] = [];
    let ackedAtMs = clock.monotonic();
    for (const held of done) {
      const outcome: PushOutcome = held.pushed ? { kind: "pushed" } : await pushes.push(held, core.cutOff.signal);
      if (outcome.kind !== "pushed") {
        if (through.length > 0 && !(await conclude(lane, through))) return false;
        if (outcome.kind === "failed") await fail(lane, held, { reason: outcome.reason, error: outcome.error });
        else await waitForPush(lane, outcome.retryInMs);
        return false;
      }
      held.pushed = true;
      through.push(held);
      // Slow pushes of a long lane: what is done must not wait for its ack until its visibility ends.
      if (clock.monotonic() - ackedAtMs < ACK_AFTER_MS) continue;
      if (!(await conclude(lane, through))) return false;
      through = [];
      ackedAtMs = clock.monotonic();
    }
    return through.length === 0 || (await conclude(lane, through));
  }

  /** A lane whose next push must wait, uncounted. */
  async function waitForPush(lane: Lane, retryInMs: number): Promise<void> {
    if (core.stopping.signal.aborted) {
      await release(lane, "stopping", 0);
      return;
    }
    // It waits, perhaps for long: a process that ends meanwhile was not killed by it.
    await restart(lane.held);
    core.putOff(lane, retryInMs);
    lanes.giveBack(lane);
  }

  /**
   * Acks stored messages. A redriven one is resolved first, a redelivered one forgotten by the ledger first; while
   * Postgres cannot take that, they stay held.
   * @returns whether the lane is still held and may go on.
   */
  async function conclude(lane: Lane, done: readonly Held[]): Promise<boolean> {
    try {
      for (const { message } of done) {
        const deathId = message.attributes[REDRIVE_DEATH_ATTRIBUTE];
        if (deathId === undefined) continue;
        await deaths.resolveRedriven({ deathId, outcome: "stored" });
        emit({ event: "redrive_resolved", messageId: message.messageId, deathId });
      }
      const known = done.filter((one) => one.message.receiveCount > 1);
      if (known.length > 0) await attempts.clear(messageIds(known));
    } catch (thrown) {
      emit({ event: "ledger_unreachable", error: errorText(thrown) });
      putBack(lane, true);
      return false;
    }
    return await acknowledge(lane, done, "stored");
  }

  async function acknowledge(lane: Lane, done: readonly Held[], fate: "stored" | "dead"): Promise<boolean> {
    const failed = await receipts.ack(done);
    const acked = done.filter((one) => !failed.includes(one));
    tellPassed(lane, acked, fate);
    lanes.remove(lane, acked);
    if (failed.length === 0) return true;
    await leave(lane, "ack_failed");
    return false;
  }

  /** Tells of acked messages. A user is complete through one only if all before it in the lane went with it. */
  function tellPassed(lane: Lane, acked: readonly Held[], fate: "stored" | "dead"): void {
    const gone = new Set(acked);
    let through = !lane.unsure;
    for (const one of lane.held) {
      if (gone.size === 0) return;
      const wasAcked = gone.delete(one);
      const sure = wasAcked && one.surelyDeleted;
      if (wasAcked && !sure) lane.unsure = true;
      through &&= sure;
      if (sure) progress.passed(one.message, { fate, through, redriven: one.message.attributes[REDRIVE_DEATH_ATTRIBUTE] !== undefined });
    }
  }

  /** Gives a lane back; after a setback not at once. */
  function putBack(lane: Lane, setback: boolean): void {
    if (setback) {
      core.putOff(lane, retryDelayMs(lane.setbacks, random()));
      lane.setbacks += 1;
    } else {
      lane.setbacks = 0;
    }
    lanes.giveBack(lane);
  }

  /** Lets a message die; the lane goes on behind it once its death is complete. */
  async function die(lane: Lane, held: Held, cause: Cause & { attempts: number }): Promise<void> {
    const outcome = await deaths.die(held.message, cause);
    emit({ event: "died", messageId: held.message.messageId, outcome });
    if (outcome === "completed") samples.count("dead", 1);
    await afterDeath(lane, held, outcome);
  }

  async function afterDeath(lane: Lane, held: Held, outcome: "completed" | "unfinished"): Promise<void> {
    if (outcome === "unfinished") {
      await release(lane, "ledger_away", LEDGER_AWAY_SECONDS);
    } else if (await acknowledge(lane, [held], "dead")) {
      putBack(lane, false);
    }
  }

  /** A failed attempt: counted, and then the message dies or waits with all that follow it. */
  async function fail(lane: Lane, held: Held, cause: Cause): Promise<void> {
    const { message } = held;
    let verdict: { attempts: number; decision: "retry" | "die" };
    try {
      verdict = await attempts.failed(message, { ...cause, countsAsAttempt: true });
    } catch (thrown) {
      emit({ event: "ledger_unreachable", error: errorText(thrown) });
      await release(lane, "ledger_away", LEDGER_AWAY_SECONDS);
      return;
    }
    held.marked = false; // counting takes the mark away
    samples.count("failed", 1);
    progress.failed(message.groupId);
    emit({ event: "attempt_failed", messageId: message.messageId, ...cause, ...verdict });
    if (verdict.decision === "die") {
      await die(lane, held, { ...cause, attempts: verdict.attempts });
      return;
    }
    const delaySeconds = nackDelaySeconds(verdict.attempts, random());
    const all = lanes.drop(lane);
    await unmark(all);
    await receipts.changeVisibility(all, delaySeconds);
    emit({ event: "nacked", messageIds: messageIds(all), delaySeconds });
  }

  /**
   * Acts on what became of a lane's part of a batch.
   * @param wasAlone its mark must go before anything else is handled: what kills the process next would be laid to it.
   */
  async function settle({ lane, held }: BatchPart, outcomeOf: (held: Held) => PutOutcome, wasAlone = false): Promise<void> {
    const nowMs = clock.monotonic();
    for (const one of held) if (outcomeOf(one).kind === "stored") lanes.stored(one, nowMs);
    const stopper = held.find((one) => one.storedAtMs === null);
    const oldest = lane.held[0]?.storedAtMs ?? nowMs;
    const through = lane.held.every((one) => one.storedAtMs !== null);
    if (wasAlone || stopper || through || nowMs - oldest >= ACK_AFTER_MS) {
      if (!(await finish(lane))) return;
    }
    if (!stopper) {
      putBack(lane, false);
      return;
    }
    const outcome = outcomeOf(stopper);
    switch (outcome.kind) {
      case "stored":
      case "not_tried":
      case "throttled":
      case "unavailable":
        putBack(lane, true);
        return;
      case "unknown":
        await leave(lane, "unknown_store");
        return;
      case "rejected":
        await fail(lane, stopper, { reason: "rejected_by_table", error: outcome.error });
        return;
      case "failed":
        await fail(lane, stopper, { reason: "handler_failed", error: outcome.error });
        return;
      default:
        outcome satisfies never;
    }
  }

  return { settle, settleOwed, restart, finish, fail, die, afterDeath, release, leave, putBack };
}
