import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

/** Most entries of one batch call (SQS API reference). */
export const SQS_BATCH_ENTRIES = 10;

export interface OutgoingMessage {
  groupId: string;
  deduplicationId: string;
  body: string;
  /** String message attributes. */
  attributes?: Readonly<Record<string, string>>;
}

/** Code of an entry that the answer says nothing of: it may be queued. */
export const MISSING_FROM_ANSWER = "MissingFromAnswer";

export type SendResult =
  | { ok: true; messageId: string; sequenceNumber: string }
  | { ok: false; code: string; message: string; senderFault: boolean };

export interface ReceivedMessage {
  messageId: string;
  receiptHandle: string;
  groupId: string;
  body: string;
  sequenceNumber: string;
  receiveCount: number;
  sentAt: Date;
  attributes: Readonly<Record<string, string>>;
}

export interface QueueAttributes {
  visible: number;
  inFlight: number;
  delayed: number;
  createdAt: Date | null;
  retentionSeconds: number | null;
  visibilityTimeoutSeconds: number | null;
}

interface Cancel {
  signal?: AbortSignal;
}

function toReceived(message: Message): ReceivedMessage {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    groupId: attributes.MessageGroupId ?? "",
    body: message.Body ?? "",
    sequenceNumber: attributes.SequenceNumber ?? "",
    receiveCount: Number(attributes.ApproximateReceiveCount ?? "1"),
    sentAt: new Date(Number(attributes.SentTimestamp ?? "0")),
    attributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue ?? ""]),
    ),
  };
}

/** Positions of a batch, as entry ids: they cannot collide, whatever the messages hold. */
function failedPositions(failed: readonly { Id?: string | undefined; Code?: string | undefined }[] | undefined): Map<number, string> {
  return new Map((failed ?? []).map((entry) => [Number(entry.Id), entry.Code ?? "Unknown"]));
}

export type SqsQueue = ReturnType<typeof createSqsQueue>;

/** One FIFO queue. The client brings the time limits; each call takes a signal that really cancels it. */
export function createSqsQueue({ client, queueUrl }: { client: Pick<SQSClient, "send">; queueUrl: string }) {
  const options = ({ signal }: Cancel) => (signal ? { abortSignal: signal } : {});
  return {
    queueUrl,

    /**
     * Sends at most ten messages in one call. SQS may take a later entry and refuse an earlier one.
     * @returns one result per message, by position.
     * @throws the SDK's error when the call as a whole failed or went unanswered.
     */
    async sendBatch(messages: readonly OutgoingMessage[], cancel: Cancel = {}): Promise<SendResult[]> {
      const answer = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: messages.map((message, position) => ({
            Id: String(position),
            MessageBody: message.body,
            MessageGroupId: message.groupId,
            MessageDeduplicationId: message.deduplicationId,
            ...(message.attributes && {
              MessageAttributes: Object.fromEntries(
                Object.entries(message.attributes).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
              ),
            }),
          })),
        }),
        options(cancel),
      );
      const taken = new Map((answer.Successful ?? []).map((entry) => [Number(entry.Id), entry]));
      const failed = new Map((answer.Failed ?? []).map((entry) => [Number(entry.Id), entry]));
      return messages.map((_, position): SendResult => {
        const entry = taken.get(position);
        if (entry) return { ok: true, messageId: entry.MessageId ?? "", sequenceNumber: entry.SequenceNumber ?? "" };
        const failure = failed.get(position);
        return {
          ok: false,
          code: failure?.Code ?? (failure ? "Unknown" : MISSING_FROM_ANSWER),
          message: failure?.Message ?? "SQS named no result for this entry",
          senderFault: failure?.SenderFault ?? false,
        };
      });
    },

    /**
     * Long-polls for up to ten messages.
     * @param attemptId ReceiveRequestAttemptId; the same one on a network retry gets the same messages.
     */
    async receive(
      {
        maxMessages,
        waitSeconds,
        visibilitySeconds,
        attemptId,
      }: { maxMessages: number; waitSeconds: number; visibilitySeconds: number; attemptId: string },
      cancel: Cancel = {},
    ): Promise<ReceivedMessage[]> {
      const answer = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: maxMessages,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: visibilitySeconds,
          ReceiveRequestAttemptId: attemptId,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
        options(cancel),
      );
      return (answer.Messages ?? []).map(toReceived);
    },

    /** Deletes at most ten messages. @returns the positions that failed, each with SQS's code. */
    async deleteBatch(receiptHandles: readonly string[], cancel: Cancel = {}): Promise<Map<number, string>> {
      const answer = await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: receiptHandles.map((ReceiptHandle, position) => ({ Id: String(position), ReceiptHandle })),
        }),
        options(cancel),
      );
      return failedPositions(answer.Failed);
    },

    /** Sets the visibility of at most ten messages. @returns the positions that failed, each with SQS's code. */
    async changeVisibilityBatch(
      entries: readonly { receiptHandle: string; visibilitySeconds: number }[],
      cancel: Cancel = {},
    ): Promise<Map<number, string>> {
      const answer = await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queueUrl,
          Entries: entries.map((entry, position) => ({
            Id: String(position),
            ReceiptHandle: entry.receiptHandle,
            VisibilityTimeout: entry.visibilitySeconds,
          })),
        }),
        options(cancel),
      );
      return failedPositions(answer.Failed);
    },

    /** Approximate counts and settings; AWS's counters lag by up to about a minute. */
    async attributes(cancel: Cancel = {}): Promise<QueueAttributes> {
      const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] }), options(cancel));
      const given = answer.Attributes ?? {};
      const number = (value: string | undefined) => (value === undefined ? null : Number(value));
      const created = number(given.CreatedTimestamp);
      return {
        visible: Number(given.ApproximateNumberOfMessages ?? "0"),
        inFlight: Number(given.ApproximateNumberOfMessagesNotVisible ?? "0"),
        delayed: Number(given.ApproximateNumberOfMessagesDelayed ?? "0"),
        createdAt: created === null ? null : new Date(created * 1000),
        retentionSeconds: number(given.MessageRetentionPeriod),
        visibilityTimeoutSeconds: number(given.VisibilityTimeout),
      };
    },
  };
}
