import { moveOne, nextMoveAt } from "./move-tasks.ts";
import type { EngineState, QueueState } from "./state.ts";

interface Event {
  at: number;
  happen(at: number): void;
}

const NEVER: Event = { at: Infinity, happen: () => undefined };
const earlier = (left: Event, right: Event) => (right.at < left.at ? right : left);

function nextOfQueue(queue: QueueState): Event {
  const held = queue.messages.nextDeadline();
  const oldest = queue.messages.oldest();
  const visible: Event = held ? { at: held.visibleAt, happen: () => queue.messages.release(held) } : NEVER;
  if (!oldest) return visible;
  return earlier(visible, {
    at: oldest.enqueuedAt + queue.settings.retentionSeconds * 1_000,
    happen: () => {
      queue.messages.remove(oldest);
      queue.totals.expired += 1;
    },
  });
}

function nextEvent(state: EngineState): Event {
  let next = NEVER;
  for (const queue of state.queues.values()) next = earlier(next, nextOfQueue(queue));
  for (const task of state.moveTasks) next = earlier(next, { at: nextMoveAt(task), happen: (at) => moveOne(state, task, at) });
  return next;
}

/** When time alone changes something next (visibility, retention, a move task), epoch milliseconds; or Infinity. */
export function nextEventAt(state: EngineState): number {
  return nextEvent(state).at;
}

/**
 * Lets time pass: everything due happens in the order of its time, whenever this is called. So the state depends on
 * the commands and their times only, and a journal of commands replays to the same state.
 * @returns the time that it now is: never before an earlier one.
 */
export function advance(state: EngineState, now: number): number {
  state.now = Math.max(state.now, now);
  for (let event = nextEvent(state); event.at <= state.now; event = nextEvent(state)) event.happen(event.at);
  return state.now;
}
