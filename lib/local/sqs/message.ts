/** A message attribute as it stands on the wire; binary values are base64. */
export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** What a message is made of, apart from its place in a queue. */
export interface MessageContent {
  id: string;
  groupId: string;
  deduplicationId: string;
  body: string;
  attributes: MessageAttributes | null;
  /** When the producer sent it, epoch milliseconds. */
  sentAt: number;
  /** When it entered this queue; retention counts from here and starts anew in a FIFO dead-letter queue. */
  enqueuedAt: number;
  receiveCount: number;
  firstReceivedAt: number | null;
  /** ARN of the queue that it died in, for a message that came by redrive policy. */
  deadLetterSourceArn: string | null;
}

/** A message in a queue. Linked twice, in the queue's order and in its group's, so that any removal is O(1). */
export interface Message extends MessageContent {
  /** Position in the queue's order: 1, 2, 3, ... The base of the SequenceNumber. */
  readonly seq: number;
  readonly group: Group;
  inFlight: boolean;
  /** When it becomes visible again; of meaning while in flight. */
  visibleAt: number;
  /** When it was received last. */
  receivedAt: number;
  /** Whether its visibility was changed since it was received last. */
  visibilityChanged: boolean;
  older: Message | null;
  newer: Message | null;
  groupPrevious: Message | null;
  groupNext: Message | null;
}

/** The messages of one MessageGroupId, oldest first. Locked while any is in flight. */
export interface Group {
  readonly id: string;
  first: Message | null;
  last: Message | null;
  inFlight: number;
  /** Seq under which the group stands in the ready heap; 0 when it does not. */
  readySeq: number;
}

/**
 * SequenceNumber of a message: 20 digits that grow and are not consecutive, as SQS says of its own.
 * Compares as text.
 */
export function sequenceNumber(seq: number): string {
  return `1${String(seq * 256).padStart(19, "0")}`;
}
