import { z } from "zod";

/** Requests of the JSON 1.0 protocol, as far as the stand-in reads them; other fields are let through unread. */
const queueUrl = z.string().min(1);
const attributes = z.record(z.string(), z.string()).default({});
const messageAttributes = z
  .record(
    z.string(),
    z.object({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() }).transform((given) => ({
      DataType: given.DataType,
      ...(given.StringValue !== undefined && { StringValue: given.StringValue }),
      ...(given.BinaryValue !== undefined && { BinaryValue: given.BinaryValue }),
    })),
  )
  .nullish()
  .transform((given) => (given && Object.keys(given).length > 0 ? given : null));

const outgoing = z.object({
  MessageBody: z.string().default(""),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
  MessageAttributes: messageAttributes,
  DelaySeconds: z.number().optional(),
  MessageSystemAttributes: z.record(z.string(), z.unknown()).optional(),
});
const names = z.array(z.string()).default([]);
const handle = z.object({ ReceiptHandle: z.string() });
const queue = z.object({ QueueUrl: queueUrl });

export const WIRE = {
  CreateQueue: z.object({ QueueName: z.string(), Attributes: attributes }),
  GetQueueUrl: z.object({ QueueName: z.string() }),
  ListQueues: z.object({ QueueNamePrefix: z.string().default(""), MaxResults: z.number().optional(), NextToken: z.string().optional() }),
  GetQueueAttributes: queue.extend({ AttributeNames: names }),
  SetQueueAttributes: queue.extend({ Attributes: attributes }),
  DeleteQueue: queue,
  PurgeQueue: queue,
  SendMessage: queue.extend(outgoing.shape),
  SendMessageBatch: queue.extend({ Entries: z.array(outgoing.extend({ Id: z.string() })).default([]) }),
  ReceiveMessage: queue.extend({
    MaxNumberOfMessages: z.number().default(1),
    VisibilityTimeout: z.number().optional(),
    WaitTimeSeconds: z.number().optional(),
    ReceiveRequestAttemptId: z.string().optional(),
    AttributeNames: names,
    MessageSystemAttributeNames: names,
    MessageAttributeNames: names,
  }),
  DeleteMessage: queue.extend(handle.shape),
  DeleteMessageBatch: queue.extend({ Entries: z.array(handle.extend({ Id: z.string() })).default([]) }),
  ChangeMessageVisibility: queue.extend({ ...handle.shape, VisibilityTimeout: z.number() }),
  ChangeMessageVisibilityBatch: queue.extend({
    Entries: z.array(handle.extend({ Id: z.string(), VisibilityTimeout: z.number() })).default([]),
  }),
  ListDeadLetterSourceQueues: queue.extend({ MaxResults: z.number().optional(), NextToken: z.string().optional() }),
  StartMessageMoveTask: z.object({
    SourceArn: z.string(),
    DestinationArn: z.string().optional(),
    MaxNumberOfMessagesPerSecond: z.number().optional(),
  }),
  CancelMessageMoveTask: z.object({ TaskHandle: z.string() }),
  ListMessageMoveTasks: z.object({ SourceArn: z.string(), MaxResults: z.number().default(1) }),
} as const;

export type Action = keyof typeof WIRE;
export type Wire<Name extends Action> = z.infer<(typeof WIRE)[Name]>;
export type WireMessage = z.infer<typeof outgoing>;
