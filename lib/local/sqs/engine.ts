import { changeVisibility, deleteMessages } from "./acknowledge.ts";
import type { Commands, Operation } from "./commands.ts";
import { LOOK_AHEAD, MAX_IN_FLIGHT } from "./limits.ts";
import { cancelMoveTask, listMoveTasks, startMoveTask } from "./move-tasks.ts";
import { advance, nextEventAt } from "./passing-time.ts";
import { allAttributes, createQueue, deadLetterSources, deleteQueue, purgeQueue, setQueueAttributes } from "./queues.ts";
import { receive } from "./receive.ts";
import { send } from "./send.ts";
import { restoreSnapshot, snapshotBytes, snapshotLines, type SnapshotLine } from "./snapshot.ts";
import { type EngineOptions, type EngineState, type MoveTask, queueNamed, type QueueTotals } from "./state.ts";

/** A queue at one moment. */
export interface QueueFigures extends QueueTotals {
  visible: number;
  inFlight: number;
  /** Groups that hold messages. */
  groups: number;
  /** Age of the oldest message, in flight or not; 0 when there is none. */
  oldestAgeSeconds: number;
}

/**
 * SQS FIFO as a deterministic state machine: commands in, results out, no timers, no I/O, no clock of its own.
 * Time is the `now` of each call (epoch milliseconds); what became due before it happens first, in order.
 */
export interface Engine {
  /** @throws SqsError when refused; then nothing has changed. */
  apply<Op extends Operation>(op: Op, input: Commands[Op]["input"], now: number): Commands[Op]["output"];
  /** Grows with every change that is not time's alone: an unchanged one needs no journal line. */
  revision(): number;
  /** The latest time that was seen. */
  now(): number;
  /** When time alone changes something next; Infinity when never. */
  nextEventAt(): number;
  /** Whether a receive would find something to take. @throws QueueDoesNotExist */
  available(queue: string, now: number): boolean;
  queueNames(): string[];
  /** @throws QueueDoesNotExist */
  attributes(queue: string, now: number): Record<string, string>;
  /** @throws QueueDoesNotExist */
  figures(queue: string, now: number): QueueFigures;
  /** @throws QueueDoesNotExist */
  deadLetterSources(queue: string): string[];
  /** Newest first. @throws ResourceNotFoundException */
  moveTasks(sourceArn: string, now: number): MoveTask[];
  /** About how many bytes a snapshot would have. */
  snapshotBytes(): number;
  /** The whole state as lines of plain data. */
  snapshot(): Iterable<SnapshotLine>;
  /** Puts a line of a snapshot back, in its order, into an engine that has had no command. */
  restore(line: SnapshotLine): void;
}

const HANDLERS: { [Op in Operation]: (state: EngineState, input: Commands[Op]["input"], now: number) => Commands[Op]["output"] } = {
  createQueue,
  setQueueAttributes,
  deleteQueue,
  purgeQueue,
  send,
  receive,
  delete: deleteMessages,
  changeVisibility,
  startMoveTask,
  cancelMoveTask,
};

/**
 * @param options.seed message ids derive from it.
 * @param options.lookAhead, options.maxInFlight 120,000 each, as AWS; smaller in tests.
 */
export function createEngine(options: Partial<EngineOptions> & Pick<EngineOptions, "seed">): Engine {
  const state: EngineState = {
    options: { lookAhead: LOOK_AHEAD, maxInFlight: MAX_IN_FLIGHT, ...options },
    now: 0,
    revision: 0,
    queues: new Map(),
    deletedAt: new Map(),
    moveTasks: [],
  };
  return {
    apply: (op, input, now) => HANDLERS[op](state, input, advance(state, now)),
    revision: () => state.revision,
    now: () => state.now,
    nextEventAt: () => nextEventAt(state),
    available(queue, now) {
      advance(state, now);
      return queueNamed(state, queue).messages.available() !== null;
    },
    queueNames: () => [...state.queues.keys()],
    attributes(queue, now) {
      advance(state, now);
      return allAttributes(state, queue);
    },
    figures(name, now) {
      const time = advance(state, now);
      const { messages, totals } = queueNamed(state, name);
      const oldest = messages.oldest();
      const oldestAgeSeconds = oldest ? Math.max(0, (time - oldest.enqueuedAt) / 1_000) : 0;
      return { ...totals, ...messages.counts(), groups: messages.groupCount(), oldestAgeSeconds };
    },
    deadLetterSources: (queue) => deadLetterSources(state, queue),
    moveTasks(sourceArn, now) {
      advance(state, now);
      return listMoveTasks(state, sourceArn);
    },
    snapshotBytes: () => snapshotBytes(state),
    snapshot: () => snapshotLines(state),
    restore: (line) => restoreSnapshot(state, line),
  };
}
