import type { Started } from "./attempts.ts";
import type { Core } from "./core.ts";
import { errorText } from "./events.ts";
import { type Held, head, type Lane, messageIds, storable } from "./lanes.ts";
import type { Outcomes } from "./outcomes.ts";

/** Redeliveries that are looked up together. */
const LOOKED_UP = 10;
const LEDGER_AWAY_SECONDS = 10;

export type Attend = ReturnType<typeof createAttend>;

/**
 * A lane whose turn is more than storing: its head is a redelivery that must leave its mark first, a body that cannot
 * be stored, or its acks were put off. Owns the lane until it gives it back or lets it go.
 */
export function createAttend(core: Core, outcomes: Outcomes) {
  const { attempts, deaths, progress, samples, emit } = core;

  /** The fate of a body that is no activity. */
  async function refuse(lane: Lane, held: Held): Promise<void> {
    const { parsed } = held;
    if (parsed.kind === "activity") return;
    await outcomes.fail(lane, held, { reason: parsed.kind, error: parsed.error });
  }

  /**
   * Marks redeliveries at the front of the lane, up to the first that has to be handled alone.
   * @returns "alone" when that one is the head: the lane stays claimed, for a turn with nothing else in the process.
   */
  async function prepare(lane: Lane): Promise<"given_back" | "alone"> {
    const open = lane.held.filter((one) => one.storedAtMs === null).slice(0, LOOKED_UP);
    const ids = messageIds(open.filter((one) => !one.prepared));
    try {
      const [dead, marks] = await Promise.all([attempts.deathOf(ids), attempts.marksOf(ids)]);
      for (const held of open) {
        const { message } = held;
        const death = dead.get(message.messageId);
        if (death) {
          if (held !== head(lane) || lane.held[0] !== held) break; // what is before it goes first
          const outcome = await deaths.complete(message, death);
          emit({ event: "died", messageId: message.messageId, outcome });
          await outcomes.afterDeath(lane, held, outcome);
          return "given_back";
        }
        if (held.prepared) continue;
        if ((marks.get(message.messageId) ?? 0) > 0) {
          if (held === head(lane)) return "alone";
          break;
        }
        await outcomes.settleOwed(held);
        // Before the call: a mark whose answer was lost is taken back with the others.
        held.marked = true;
        const started = await attempts.startMark(message);
        held.prepared = true;
        emit({ event: "redelivered", messageId: message.messageId, receiveCount: message.receiveCount, marks: started.marks, alone: false });
        if (started.decision === "die") {
          if (!(await outcomes.finish(lane))) return "given_back";
          if (lane.held[0] !== held) {
            held.prepared = false; // its turn to die comes when what is before it is through
            break;
          }
          await outcomes.die(lane, held, cause(started));
          return "given_back";
        }
      }
    } catch (thrown) {
      emit({ event: "ledger_unreachable", error: errorText(thrown) });
      await outcomes.release(lane, "ledger_away", LEDGER_AWAY_SECONDS);
      return "given_back";
    }
    outcomes.putBack(lane, false);
    return "given_back";
  }

  async function attend(lane: Lane): Promise<"given_back" | "alone"> {
    if (!(await outcomes.finish(lane))) return "given_back";
    const first = head(lane);
    // Its acks are done, and what came meanwhile, if anything, wants no more than storing.
    if (!first || storable(first)) {
      outcomes.putBack(lane, false);
      return "given_back";
    }
    if (!first.prepared) return await prepare(lane);
    await refuse(lane, first);
    return "given_back";
  }

  /**
   * The start mark of a handling that has the process to itself.
   * @returns whether to store it; if not, the lane is dealt with.
   */
  async function startAlone(lane: Lane, held: Held): Promise<boolean> {
    const { message } = held;
    let started: Awaited<ReturnType<typeof attempts.startMark>>;
    try {
      await outcomes.settleOwed(held);
      held.marked = true; // before the call, whose answer may be lost
      started = await attempts.startMark(message);
    } catch (thrown) {
      emit({ event: "ledger_unreachable", error: errorText(thrown) });
      await outcomes.release(lane, "ledger_away", LEDGER_AWAY_SECONDS);
      return false;
    }
    held.prepared = true;
    emit({ event: "redelivered", messageId: message.messageId, receiveCount: message.receiveCount, marks: started.marks, alone: true });
    if (started.decision === "die") {
      samples.count("failed", 1);
      progress.failed(message.groupId);
      await outcomes.die(lane, held, cause(started));
      return false;
    }
    if (held.item !== null) return true;
    await refuse(lane, held);
    return false;
  }

  return { attend, startAlone };
}

/** What a message dies of whose attempts were used up before this handling. */
function cause({ last, attempts }: Pick<Started, "last" | "attempts">) {
  if (last === null) return { reason: "handler_failed" as const, error: "its attempts are used up", attempts };
  return { reason: last.reason, error: last.error, attempts };
}
