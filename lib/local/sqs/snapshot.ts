import type { Message, MessageContent } from "./message.ts";
import type { QueueAttributeValues } from "./queue-attributes.ts";
import { type Attempt, type EngineState, type MoveTask, newQueue, queueNamed, type QueueTotals, type Sent } from "./state.ts";

/** One line of a snapshot: plain data, in an order that can be put back line by line. */
export type SnapshotLine =
  | { kind: "engine"; now: number; revision: number; deletedAt: [string, number][]; moveTasks: MoveTask[] }
  | {
      kind: "queue";
      name: string;
      createdAt: number;
      modifiedAt: number;
      purgedAt: number | null;
      attributes: QueueAttributeValues;
      totals: QueueTotals;
    }
  | {
      kind: "message";
      queue: string;
      seq: number;
      content: MessageContent;
      receivedAt: number;
      visibilityChanged: boolean;
      /** Null when it is not in flight. */
      visibleAt: number | null;
    }
  | { kind: "deduplication"; queue: string; key: string; value: Sent; since: number }
  | { kind: "attempt"; queue: string; key: string; value: Attempt; since: number }
  | { kind: "nextSeq"; queue: string; seq: number };

function contentOf(message: Message): MessageContent {
  const { id, groupId, deduplicationId, body, attributes, sentAt, enqueuedAt, receiveCount, firstReceivedAt, deadLetterSourceArn } = message;
  return { id, groupId, deduplicationId, body, attributes, sentAt, enqueuedAt, receiveCount, firstReceivedAt, deadLetterSourceArn };
}

/** The whole state. Nothing may change it while the lines are drawn. */
export function* snapshotLines(state: EngineState): Generator<SnapshotLine> {
  yield { kind: "engine", now: state.now, revision: state.revision, deletedAt: [...state.deletedAt], moveTasks: state.moveTasks };
  for (const queue of state.queues.values()) {
    const { name, createdAt, modifiedAt, purgedAt, attributes, totals } = queue;
    yield { kind: "queue", name, createdAt, modifiedAt, purgedAt, attributes, totals };
    for (const message of queue.messages.messages()) {
      const content = contentOf(message);
      const { seq, receivedAt, visibilityChanged } = message;
      const visibleAt = message.inFlight ? message.visibleAt : null;
      yield { kind: "message", queue: name, seq, content, receivedAt, visibilityChanged, visibleAt };
    }
    for (const { key, value, since } of queue.deduplications.entries()) yield { kind: "deduplication", queue: name, key, value, since };
    for (const { key, value, since } of queue.attempts.entries()) yield { kind: "attempt", queue: name, key, value, since };
    yield { kind: "nextSeq", queue: name, seq: queue.messages.nextSeq() };
  }
}

/** Puts one line back. */
export function restoreSnapshot(state: EngineState, line: SnapshotLine): void {
  switch (line.kind) {
    case "engine":
      state.now = line.now;
      state.revision = line.revision;
      state.deletedAt = new Map(line.deletedAt);
      state.moveTasks = line.moveTasks;
      return;
    case "queue": {
      const queue = newQueue(state.options, line.name, line.attributes, line.createdAt);
      queue.modifiedAt = line.modifiedAt;
      queue.purgedAt = line.purgedAt;
      queue.totals = { ...line.totals };
      state.queues.set(line.name, queue);
      return;
    }
    case "message": {
      const { messages } = queueNamed(state, line.queue);
      const message = messages.append(line.content, line.seq);
      message.receivedAt = line.receivedAt;
      message.visibilityChanged = line.visibilityChanged;
      if (line.visibleAt !== null) messages.hold(message, line.visibleAt);
      return;
    }
    case "deduplication":
      queueNamed(state, line.queue).deduplications.set(line.key, line.value, line.since);
      return;
    case "attempt":
      queueNamed(state, line.queue).attempts.set(line.key, line.value, line.since);
      return;
    case "nextSeq":
      queueNamed(state, line.queue).messages.setNextSeq(line.seq);
      return;
  }
}

/** Bytes of a message's line beside its body, and of a remembered id's line. */
const MESSAGE_LINE_BYTES = 450;
const REMEMBERED_LINE_BYTES = 200;

/** About how many bytes the lines have together, from what was sent so far on average. */
export function snapshotBytes(state: EngineState): number {
  let bytes = 0;
  for (const { messages, totals, deduplications, attempts } of state.queues.values()) {
    const { visible, inFlight } = messages.counts();
    const averageBytes = totals.sent > 0 ? totals.sentBytes / totals.sent : 1_000;
    bytes += (visible + inFlight) * (averageBytes + MESSAGE_LINE_BYTES) + (deduplications.size + attempts.size) * REMEMBERED_LINE_BYTES;
  }
  return bytes;
}
