import type { Commands } from "./commands.ts";
import { derivedUuid } from "./digests.ts";
import { SqsError, invalidParameter } from "./errors.ts";
import { MAX_MOVES_PER_SECOND } from "./limits.ts";
import { deduplicationKey, type EngineState, type MoveTask, queueByArn } from "./state.ts";
import { deadLetterSources } from "./queues.ts";

const running = (task: MoveTask) => task.status === "RUNNING";
/** Ended tasks that ListMessageMoveTasks still tells of, per source queue. */
const KEPT_TASKS = 10;

const noResource = () => new SqsError("ResourceNotFoundException", "The resource that you specified for the SourceArn or DestinationArn parameter doesn't exist.");

/**
 * Starts moving the messages of a dead-letter queue, one per 1/rate seconds by the clock, as many as are visible now.
 * Without a destination each goes to the queue that it died in.
 */
export function startMoveTask(
  state: EngineState,
  { sourceArn, destinationArn, messagesPerSecond }: Commands["startMoveTask"]["input"],
  now: number,
): { taskHandle: string } {
  const source = queueByArn(state, sourceArn);
  if (!source || (destinationArn !== undefined && !queueByArn(state, destinationArn))) throw noResource();
  if (destinationArn === sourceArn) throw invalidParameter("DestinationArn", destinationArn, "The source and the destination must differ.");
  if (deadLetterSources(state, source.name).length === 0) {
    throw new SqsError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.");
  }
  if (messagesPerSecond !== undefined && (!Number.isInteger(messagesPerSecond) || messagesPerSecond < 1 || messagesPerSecond > MAX_MOVES_PER_SECOND)) {
    throw invalidParameter("MaxNumberOfMessagesPerSecond", messagesPerSecond, `Must be between 1 and ${MAX_MOVES_PER_SECOND}.`);
  }
  if (state.moveTasks.some((task) => task.sourceArn === sourceArn && running(task))) {
    throw new SqsError(
      "InvalidParameterValue",
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
  }
  const task: MoveTask = {
    id: derivedUuid(`${state.options.seed} task ${sourceArn} ${now} ${state.revision}`),
    sourceArn,
    destinationArn: destinationArn ?? null,
    messagesPerSecond: messagesPerSecond ?? null,
    startedAt: now,
    status: "RUNNING",
    moved: 0,
    toMove: source.messages.counts().visible,
    failureReason: null,
  };
  const mine = [...state.moveTasks.filter((other) => other.sourceArn === sourceArn), task].slice(-KEPT_TASKS);
  state.moveTasks = [...state.moveTasks.filter((other) => other.sourceArn !== sourceArn), ...mine];
  state.revision += 1;
  return { taskHandle: taskHandle(task) };
}

/** Opaque handle of a task. */
export function taskHandle(task: MoveTask): string {
  return Buffer.from(JSON.stringify({ taskId: task.id, sourceArn: task.sourceArn })).toString("base64url");
}

/** Stops a running task; what was moved stays moved. @throws ResourceNotFoundException, UnsupportedOperation. */
export function cancelMoveTask(state: EngineState, { taskHandle: handle }: Commands["cancelMoveTask"]["input"]): { moved: number } {
  const task = state.moveTasks.find((candidate) => taskHandle(candidate) === handle);
  if (!task) throw new SqsError("ResourceNotFoundException", "Task does not exist.");
  if (!running(task)) throw new SqsError("UnsupportedOperation", "Only active tasks can be cancelled.");
  task.status = "CANCELLED";
  state.revision += 1;
  return { moved: task.moved };
}

/** Tasks of a source queue, newest first. @throws ResourceNotFoundException */
export function listMoveTasks(state: EngineState, sourceArn: string): MoveTask[] {
  if (!queueByArn(state, sourceArn)) throw noResource();
  return state.moveTasks.filter((task) => task.sourceArn === sourceArn).toReversed();
}

/** When the task moves its next message, epoch milliseconds; Infinity when it has ended. */
export function nextMoveAt(task: MoveTask): number {
  if (!running(task)) return Infinity;
  return Math.ceil(task.startedAt + ((task.moved + 1) * 1_000) / (task.messagesPerSecond ?? MAX_MOVES_PER_SECOND));
}

function fail(task: MoveTask, reason: string): void {
  task.status = "FAILED";
  task.failureReason = reason;
}

/** Moves one message at its time, or ends the task. A moved message has a new id, time and count. */
export function moveOne(state: EngineState, task: MoveTask, now: number): void {
  const source = queueByArn(state, task.sourceArn);
  if (!source) return fail(task, "AWS.SimpleQueueService.NonExistentQueue");
  const message = source.messages.available();
  if (!message || task.moved >= task.toMove) {
    task.status = "COMPLETED";
    return undefined;
  }
  const destinationArn = task.destinationArn ?? message.deadLetterSourceArn;
  if (destinationArn === null) return fail(task, "CouldNotDetermineMessageSource");
  const destination = queueByArn(state, destinationArn);
  if (!destination) return fail(task, "AWS.SimpleQueueService.NonExistentQueue");
  source.messages.remove(message);
  source.totals.movedOut += 1;
  const id = derivedUuid(`${state.options.seed} ${destination.identity} ${destination.messages.nextSeq()}`);
  const { seq } = destination.messages.append({
    id,
    groupId: message.groupId,
    deduplicationId: id,
    body: message.body,
    attributes: message.attributes,
    sentAt: now,
    enqueuedAt: now,
    receiveCount: 0,
    firstReceivedAt: null,
    deadLetterSourceArn: null,
  });
  destination.deduplications.set(deduplicationKey(destination, message.groupId, id), { messageId: id, seq }, now);
  destination.totals.movedIn += 1;
  task.moved += 1;
  if (task.moved >= task.toMove) task.status = "COMPLETED";
  return undefined;
}
