import type { Delivery, ReceiveInput } from "./commands.ts";
import { invalidParameter } from "./errors.ts";
import { MAX_BATCH_ENTRIES, MAX_VISIBILITY_SECONDS } from "./limits.ts";
import { type Message, sequenceNumber } from "./message.ts";
import { checkId } from "./message-rules.ts";
import { encodeReceipt } from "./receipt-handle.ts";
import { type Attempt, deduplicationKey, type EngineState, queueByArn, queueNamed, type QueueState } from "./state.ts";

function deliveryOf(queue: QueueState, message: Message): Delivery {
  return {
    messageId: message.id,
    receiptHandle: encodeReceipt({ queue: queue.identity, seq: message.seq, receiveCount: message.receiveCount }),
    groupId: message.groupId,
    deduplicationId: message.deduplicationId,
    sequenceNumber: sequenceNumber(message.seq),
    body: message.body,
    attributes: message.attributes,
    sentAt: message.sentAt,
    firstReceivedAt: message.firstReceivedAt ?? message.receivedAt,
    receiveCount: message.receiveCount,
    deadLetterSourceArn: message.deadLetterSourceArn,
  };
}

/** The messages of an attempt, if all of them are still as that receive left them. */
function untouched(queue: QueueState, attempt: Attempt): Message[] | null {
  const messages: Message[] = [];
  for (const { seq, receiveCount } of attempt.receipts) {
    const message = queue.messages.receivedMessage(seq);
    if (!message?.inFlight || message.receiveCount !== receiveCount || message.visibilityChanged) return null;
    messages.push(message);
  }
  return messages;
}

/**
 * Moves a message to the dead-letter queue. It keeps its message id, attributes and count, and gets its message id
 * for deduplication id (never swallowed by the window there) and a retention that starts anew.
 */
function moveToDeadLetters(source: QueueState, target: QueueState, message: Message, now: number): void {
  source.messages.remove(message);
  source.totals.movedOut += 1;
  const { seq } = target.messages.append({
    id: message.id,
    groupId: message.groupId,
    deduplicationId: message.id,
    body: message.body,
    attributes: message.attributes,
    sentAt: message.sentAt,
    enqueuedAt: now,
    receiveCount: message.receiveCount,
    firstReceivedAt: message.firstReceivedAt,
    deadLetterSourceArn: source.arn,
  });
  target.deduplications.set(deduplicationKey(target, message.groupId, message.id), { messageId: message.id, seq }, now);
  target.totals.movedIn += 1;
}

function checkInput({ maxMessages, visibilityTimeoutSeconds: seconds, attemptId }: ReceiveInput): void {
  if (!Number.isInteger(maxMessages) || maxMessages < 1 || maxMessages > MAX_BATCH_ENTRIES) {
    throw invalidParameter("MaxNumberOfMessages", maxMessages, `Must be between 1 and ${MAX_BATCH_ENTRIES}, if provided.`);
  }
  if (seconds !== undefined && (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY_SECONDS)) {
    throw invalidParameter("VisibilityTimeout", seconds, `Must be between 0 and ${MAX_VISIBILITY_SECONDS}, if provided.`);
  }
  if (attemptId !== undefined) checkId("ReceiveRequestAttemptId", attemptId);
}

/**
 * Takes up to ten messages into flight: the oldest ready group first, as many of it as it can, then the next.
 * An attempt id repeats its messages and handles for 5 minutes and starts their visibility anew, as long as none of
 * them was deleted, changed or became visible; otherwise it is a receive like any other.
 * A message whose receives already reached maxReceiveCount goes to the dead-letter queue instead.
 */
export function receive(state: EngineState, input: ReceiveInput, now: number): Delivery[] {
  checkInput(input);
  const queue = queueNamed(state, input.queue);
  const visibleAt = now + (input.visibilityTimeoutSeconds ?? queue.settings.visibilityTimeoutSeconds) * 1_000;

  const attempt = input.attemptId === undefined ? undefined : queue.attempts.get(input.attemptId, now);
  const repeated = attempt && untouched(queue, attempt);
  if (repeated) {
    for (const message of repeated) queue.messages.setDeadline(message, visibleAt);
    state.revision += 1;
    return repeated.map((message) => deliveryOf(queue, message));
  }

  const policy = queue.settings.redrivePolicy;
  const target = policy && queueByArn(state, policy.deadLetterTargetArn);
  const messages = queue.messages.take(input.maxMessages, visibleAt, (message) => {
    // Without its dead-letter queue the message is delivered as before, rather than lost.
    if (!policy || !target || message.receiveCount < policy.maxReceiveCount) return false;
    moveToDeadLetters(queue, target, message, now);
    state.revision += 1;
    return true;
  });
  for (const message of messages) {
    message.receiveCount += 1;
    message.firstReceivedAt ??= now;
    message.receivedAt = now;
    message.visibilityChanged = false;
  }
  if (messages.length === 0) return [];
  queue.totals.received += messages.length;
  state.revision += 1;
  if (input.attemptId !== undefined) {
    const receipts = messages.map(({ seq, receiveCount }) => ({ seq, receiveCount }));
    queue.attempts.set(input.attemptId, { receipts }, now);
  }
  return messages.map((message) => deliveryOf(queue, message));
}
