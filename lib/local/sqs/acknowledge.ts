import type { Commands, DeleteOutcome, EntryOutcome } from "./commands.ts";
import { SqsError, invalidParameter } from "./errors.ts";
import { MAX_VISIBILITY_SECONDS } from "./limits.ts";
import type { Message } from "./message.ts";
import { decodeReceipt } from "./receipt-handle.ts";
import { type EngineState, queueNamed, type QueueState } from "./state.ts";

/** What a receipt handle points to now. */
type Pointed =
  | { kind: "held"; message: Message }
  /** Its visibility ended and nobody has received the message since. */
  | { kind: "expired" }
  /** The message was received again: that handle counts now. */
  | { kind: "superseded" }
  | { kind: "gone" };

function resolve(queue: QueueState, handle: string): Pointed {
  const receipt = decodeReceipt(handle);
  if (!receipt) throw new SqsError("ReceiptHandleIsInvalid", `The input receipt handle "${handle}" is not a valid receipt handle.`);
  if (receipt.queue !== queue.identity) {
    throw new SqsError("ReceiptHandleIsInvalid", `The receipt handle "${handle}" is not valid for this queue.`);
  }
  const message = queue.messages.receivedMessage(receipt.seq);
  if (!message) return { kind: "gone" };
  if (message.receiveCount !== receipt.receiveCount) return { kind: "superseded" };
  return message.inFlight ? { kind: "held", message } : { kind: "expired" };
}

const expired = (handle: string) => invalidParameter("ReceiptHandle", handle, "The receipt handle has expired.");

function outcomes<Entry, Taken extends object>(entries: readonly Entry[], act: (entry: Entry) => Taken): EntryOutcome<Taken>[] {
  return entries.map((entry): EntryOutcome<Taken> => {
    try {
      return { ok: true, ...act(entry) };
    } catch (error) {
      if (error instanceof SqsError) return { ok: false, error };
      throw error;
    }
  });
}

/**
 * Deletes by receipt handle. A message deleted before answers success again; an old handle of a message that was
 * received again answers success and deletes nothing (API reference of DeleteMessage); a FIFO queue refuses a handle
 * whose visibility has ended.
 */
export function deleteMessages(state: EngineState, { queue: name, receiptHandles }: Commands["delete"]["input"]): DeleteOutcome[] {
  const queue = queueNamed(state, name);
  return outcomes(receiptHandles, (handle): { did: "deleted" | "gone" | "superseded" } => {
    const pointed = resolve(queue, handle);
    if (pointed.kind === "expired") throw expired(handle);
    if (pointed.kind !== "held") return { did: pointed.kind };
    queue.messages.remove(pointed.message);
    queue.totals.deleted += 1;
    state.revision += 1;
    return { did: "deleted" };
  });
}

/**
 * Starts the visibility of messages in flight anew, from now; 0 releases.
 * Refuses MessageNotInflight (visible again), InvalidParameterValue (gone, received again, or past 12 hours since the
 * receive), ReceiptHandleIsInvalid.
 */
export function changeVisibility(state: EngineState, { queue: name, entries }: Commands["changeVisibility"]["input"], now: number): EntryOutcome[] {
  const queue = queueNamed(state, name);
  return outcomes(entries, ({ receiptHandle, visibilityTimeoutSeconds: seconds }): object => {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY_SECONDS) {
      throw invalidParameter("VisibilityTimeout", seconds, `Must be between 0 and ${MAX_VISIBILITY_SECONDS}.`);
    }
    const pointed = resolve(queue, receiptHandle);
    if (pointed.kind === "expired") throw new SqsError("MessageNotInflight", `The message referred to by "${receiptHandle}" is not in flight.`);
    if (pointed.kind === "superseded") throw expired(receiptHandle);
    if (pointed.kind === "gone") {
      throw invalidParameter("ReceiptHandle", receiptHandle, "Message does not exist or is not available for visibility timeout change.");
    }
    const { message } = pointed;
    const visibleAt = now + seconds * 1_000;
    if (visibleAt - message.receivedAt > MAX_VISIBILITY_SECONDS * 1_000) {
      throw invalidParameter("VisibilityTimeout", seconds, `Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_SECONDS} seconds].`);
    }
    message.visibilityChanged = true;
    if (seconds === 0) queue.messages.release(message);
    else queue.messages.setDeadline(message, visibleAt);
    state.revision += 1;
    return {};
  });
}
