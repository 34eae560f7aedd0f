import type { SendEntry, SendOutcome } from "./commands.ts";
import { contentDeduplicationId, derivedUuid } from "./digests.ts";
import { invalidParameter, SqsError } from "./errors.ts";
import { MAX_BATCH_ENTRIES } from "./limits.ts";
import { sequenceNumber } from "./message.ts";
import { checkBatchBytes, checkId, checkMessage, checkPresent, messageBytes } from "./message-rules.ts";
import { deduplicationKey, type EngineState, queueNamed, type QueueState } from "./state.ts";

function deduplicationIdOf(queue: QueueState, entry: SendEntry): string {
  if (entry.deduplicationId !== undefined) {
    checkId("MessageDeduplicationId", entry.deduplicationId);
    return entry.deduplicationId;
  }
  if (queue.settings.contentBasedDeduplication) return contentDeduplicationId(entry.body);
  throw new SqsError(
    "InvalidParameterValue",
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  );
}

function sendOne(state: EngineState, queue: QueueState, entry: SendEntry, now: number): SendOutcome {
  const groupId = entry.groupId ?? "";
  checkId("MessageGroupId", groupId);
  checkMessage(entry.body, entry.attributes, queue.settings.maximumMessageBytes);
  const deduplicationId = deduplicationIdOf(queue, entry);
  const key = deduplicationKey(queue, groupId, deduplicationId);
  const known = queue.deduplications.get(key, now);
  if (known) {
    queue.totals.duplicates += 1;
    return { ok: true, messageId: known.messageId, sequenceNumber: sequenceNumber(known.seq), duplicate: true };
  }
  const messageId = derivedUuid(`${state.options.seed} ${queue.identity} ${queue.messages.nextSeq()}`);
  const { seq } = queue.messages.append({
    id: messageId,
    groupId,
    deduplicationId,
    body: entry.body,
    attributes: entry.attributes,
    sentAt: now,
    enqueuedAt: now,
    receiveCount: 0,
    firstReceivedAt: null,
    deadLetterSourceArn: null,
  });
  queue.deduplications.set(key, { messageId, seq }, now);
  queue.totals.sent += 1;
  queue.totals.sentBytes += messageBytes(entry.body, entry.attributes);
  state.revision += 1;
  return { ok: true, messageId, sequenceNumber: sequenceNumber(seq), duplicate: false };
}

/**
 * Sends one to ten messages, each with its own verdict: a later one may be taken where an earlier one is refused.
 * @throws QueueDoesNotExist, MissingParameter, BatchRequestTooLong: then nothing was sent.
 */
export function send(
  state: EngineState,
  { queue: name, entries }: { queue: string; entries: readonly SendEntry[] },
  now: number,
): SendOutcome[] {
  const queue = queueNamed(state, name);
  if (entries.length > MAX_BATCH_ENTRIES) throw invalidParameter("Entries", entries.length, "At most 10 entries.");
  for (const entry of entries) checkPresent(entry);
  if (entries.length > 1) checkBatchBytes(entries);
  return entries.map((entry) => {
    try {
      return sendOne(state, queue, entry, now);
    } catch (error) {
      if (error instanceof SqsError) return { ok: false, error };
      throw error;
    }
  });
}
