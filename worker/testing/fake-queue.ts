import { REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import type { ReceivedMessage, SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { type Clock, sleep } from "#worker/clock.ts";

interface Entry {
  messageId: string;
  groupId: string;
  body: string;
  sequenceNumber: string;
  attributes: Record<string, string>;
  visibleAtMs: number;
  receiveCount: number;
  handle: string;
}

/** A FIFO queue in memory, strict about order and group locks, with a log and faults to plant. */
export function createFakeQueue(clock: Clock) {
  const entries: Entry[] = [];
  const log: { call: "receive" | "delete" | "visibility"; messageIds: string[]; atMs: number; seconds?: number }[] = [];
  const attemptIds: string[] = [];
  const faults = {
    /** Receives that fail before anything else. */
    receives: 0,
    /** How often the delete of a message fails. */
    deletes: new Map<string, number>(),
    visibility: 0,
  };
  let sent = 0;
  const byHandle = (handle: string) => entries.find((entry) => entry.handle === handle && entry.visibleAtMs > clock.monotonic());

  function take(maxMessages: number, visibilitySeconds: number): ReceivedMessage[] {
    const nowMs = clock.monotonic();
    const locked = new Set(entries.filter((entry) => entry.visibleAtMs > nowMs).map(({ groupId }) => groupId));
    const free = entries.filter(({ groupId }) => !locked.has(groupId));
    const order = Array.from(new Set(free.map(({ groupId }) => groupId)));
    const taken = order.flatMap((group) => free.filter(({ groupId }) => groupId === group)).slice(0, maxMessages);
    return taken.map((entry) => {
      entry.visibleAtMs = nowMs + visibilitySeconds * 1000;
      entry.receiveCount += 1;
      entry.handle = `${entry.messageId}/${entry.receiveCount}`;
      const { messageId, groupId, body, sequenceNumber, attributes, receiveCount, handle } = entry;
      return { messageId, groupId, body, sequenceNumber, attributes, receiveCount, receiptHandle: handle, sentAt: new Date(clock.now()) };
    });
  }

  const queue: Pick<SqsQueue, "receive" | "deleteBatch" | "changeVisibilityBatch"> = {
    async receive({ maxMessages, waitSeconds, visibilitySeconds, attemptId }, { signal } = {}) {
      attemptIds.push(attemptId);
      if (faults.receives > 0) {
        faults.receives -= 1;
        throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      }
      const endMs = clock.monotonic() + waitSeconds * 1000;
      for (;;) {
        signal?.throwIfAborted();
        const taken = take(maxMessages, visibilitySeconds);
        if (taken.length > 0) {
          log.push({ call: "receive", messageIds: taken.map(({ messageId }) => messageId), atMs: clock.monotonic() });
          return taken;
        }
        if (clock.monotonic() >= endMs) return [];
        await sleep(clock, 50, signal);
      }
    },
    async deleteBatch(handles) {
      const failed = new Map<number, string>();
      for (const [position, handle] of handles.entries()) {
        const entry = byHandle(handle);
        const fails = faults.deletes.get(entry?.messageId ?? "") ?? 0;
        if (!entry) continue; // SQS says yes to an old handle and deletes nothing
        if (fails > 0) {
          faults.deletes.set(entry.messageId, fails - 1);
          failed.set(position, "InternalError");
          continue;
        }
        entries.splice(entries.indexOf(entry), 1);
        log.push({ call: "delete", messageIds: [entry.messageId], atMs: clock.monotonic() });
      }
      return failed;
    },
    async changeVisibilityBatch(changes) {
      const failed = new Map<number, string>();
      for (const [position, { receiptHandle, visibilitySeconds }] of changes.entries()) {
        const entry = byHandle(receiptHandle);
        if (!entry || faults.visibility > 0) {
          faults.visibility -= entry ? 1 : 0;
          failed.set(position, "ReceiptHandleIsInvalid");
          continue;
        }
        entry.visibleAtMs = clock.monotonic() + visibilitySeconds * 1000;
        log.push({ call: "visibility", messageIds: [entry.messageId], atMs: clock.monotonic(), seconds: visibilitySeconds });
      }
      return failed;
    },
  };

  return {
    queue,
    log,
    attemptIds,
    faults,
    entries,
    /** Puts a body into the queue. @returns its MessageId. */
    send(body: string, { groupId, redriveOf, receiveCount = 0 }: { groupId: string; redriveOf?: string; receiveCount?: number }): string {
      sent += 1;
      const messageId = `m${sent}`;
      entries.push({
        messageId,
        groupId,
        body,
        sequenceNumber: String(sent).padStart(20, "0"),
        attributes: redriveOf === undefined ? {} : { [REDRIVE_DEATH_ATTRIBUTE]: redriveOf },
        visibleAtMs: 0,
        receiveCount,
        handle: "",
      });
      return messageId;
    },
    deleted: () => log.filter(({ call }) => call === "delete").flatMap(({ messageIds }) => messageIds),
    visibilityOf: (messageId: string) => log.filter((one) => one.call === "visibility" && one.messageIds.includes(messageId)).map(({ seconds }) => seconds),
  };
}
