import type { SqsError } from "./errors.ts";
import type { MessageAttributes } from "./message.ts";
import type { QueueAttributeValues } from "./queue-attributes.ts";

export interface SendEntry {
  body: string;
  groupId?: string | undefined;
  /** May be left out on a queue with content-based deduplication. */
  deduplicationId?: string | undefined;
  attributes: MessageAttributes | null;
}

/** One verdict per entry of a batch; a refused entry does not stop the others. */
export type EntryOutcome<Taken extends object = object> = ({ ok: true } & Taken) | { ok: false; error: SqsError };

export type SendOutcome = EntryOutcome<{
  messageId: string;
  sequenceNumber: string;
  /** The deduplication id was known: ids are those of the first send, and nothing was queued. */
  duplicate: boolean;
}>;

/**
 * What became of a delete that was answered with success:
 * `deleted` now · `gone` before (deleted, expired or purged) · `superseded`: received again since, left alone.
 */
export type DeleteOutcome = EntryOutcome<{ did: "deleted" | "gone" | "superseded" }>;

export interface Delivery {
  messageId: string;
  receiptHandle: string;
  groupId: string;
  deduplicationId: string;
  sequenceNumber: string;
  body: string;
  attributes: MessageAttributes | null;
  /** Epoch milliseconds. */
  sentAt: number;
  firstReceivedAt: number;
  receiveCount: number;
  deadLetterSourceArn: string | null;
}

export interface ReceiveInput {
  queue: string;
  maxMessages: number;
  /** The queue's own timeout when absent. */
  visibilityTimeoutSeconds?: number | undefined;
  attemptId?: string | undefined;
}

/** Commands that change the state, with what each takes and gives. A refused command throws SqsError. */
export interface Commands {
  createQueue: { input: { name: string; attributes: QueueAttributeValues }; output: { name: string } };
  setQueueAttributes: { input: { queue: string; attributes: QueueAttributeValues }; output: null };
  deleteQueue: { input: { queue: string }; output: null };
  purgeQueue: { input: { queue: string }; output: null };
  send: { input: { queue: string; entries: readonly SendEntry[] }; output: SendOutcome[] };
  receive: { input: ReceiveInput; output: Delivery[] };
  delete: { input: { queue: string; receiptHandles: readonly string[] }; output: DeleteOutcome[] };
  changeVisibility: {
    input: { queue: string; entries: readonly { receiptHandle: string; visibilityTimeoutSeconds: number }[] };
    output: EntryOutcome[];
  };
  startMoveTask: {
    input: { sourceArn: string; destinationArn?: string | undefined; messagesPerSecond?: number | undefined };
    output: { taskHandle: string };
  };
  cancelMoveTask: { input: { taskHandle: string }; output: { moved: number } };
}
export type Operation = keyof Commands;
