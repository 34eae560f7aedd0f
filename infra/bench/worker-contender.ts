import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Message, SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, type ConsumerOptions } from "sqs-consumer";
import { awsClientOptions } from "#lib/config/aws.ts";
import { backendConfig } from "#lib/config/backend.ts";
import type { ActivityMessage } from "#lib/contracts/message.ts";
import { type ActivityItem, createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { createSqsQueue, SQS_BATCH_ENTRIES } from "#lib/gateways/sqs-queue.ts";

/**
 * Entry of a child: one way to do the worker's main job with the usual parts, without rate, attempts, marks or
 * deaths. `sqs-consumer-message`, `sqs-consumer-one`, `sqs-consumer-batch` or `raw`, as its only argument.
 */
const RAW_LOOPS = 6;
const RETENTION_DAYS = 90;
const VISIBILITY_SECONDS = 30;

const { queueUrl, region, table: name } = backendConfig();
const sqs = new SQSClient(awsClientOptions({ region, requestTimeoutMs: 25_000, maxAttempts: 1 }));
const dynamodb = new DynamoDBClient(awsClientOptions({ region, requestTimeoutMs: 9_000, maxAttempts: 1 }));
const table = createActivityTable({ client: dynamodb, table: name });

/** The worker's own item, from a body that is not checked. */
function itemOf(body: string, sequence: string): ActivityItem {
  const { activity, acceptedAt } = JSON.parse(body) as ActivityMessage;
  return toItem(activity, { acceptedAt, storedAt: new Date().toISOString(), sequence, retentionDays: RETENTION_DAYS });
}

const itemOfMessage = (message: Message) => itemOf(message.Body ?? "", message.Attributes?.SequenceNumber ?? "");

function consumer(options: Pick<ConsumerOptions, "handleMessage" | "handleMessageBatch" | "batchSize">): void {
  const made = Consumer.create({
    queueUrl,
    sqs,
    messageSystemAttributeNames: ["All"],
    messageAttributeNames: ["All"],
    visibilityTimeout: VISIBILITY_SECONDS,
    suppressFifoWarning: true,
    ...options,
  });
  const fail = (error: Error) => console.error(error.message);
  made.on("error", fail);
  made.on("processing_error", fail);
  made.start();
}

/** One put per message; counts how often a message began while one of its user was still in hand. */
function perMessage(batchSize: number): void {
  const inHand = new Map<string, number>();
  const benchCounts = { overlaps: 0 };
  Object.assign(globalThis, { benchCounts });
  consumer({
    batchSize,
    async handleMessage(message) {
      const group = message.Attributes?.MessageGroupId ?? "";
      const before = inHand.get(group) ?? 0;
      if (before > 0) benchCounts.overlaps += 1;
      inHand.set(group, before + 1);
      await table.put(itemOfMessage(message));
      const left = (inHand.get(group) ?? 1) - 1;
      if (left > 0) inHand.set(group, left);
      else inHand.delete(group);
      return message;
    },
  });
}

/** One BatchWriteItem per receive; what follows an unprocessed message of a user is not acked. */
function perBatch(): void {
  consumer({
    batchSize: SQS_BATCH_ENTRIES,
    async handleMessageBatch(messages) {
      const { unprocessed } = await table.putBatch(messages.map(itemOfMessage));
      const stuck = new Set<string>();
      return messages.filter((message, position) => {
        const group = message.Attributes?.MessageGroupId ?? "";
        if (unprocessed.includes(position)) stuck.add(group);
        return !stuck.has(group);
      });
    },
  });
}

/** The least that does the job: receive ten, one BatchWriteItem, one DeleteMessageBatch, in a handful of loops. */
async function raw(): Promise<void> {
  const queue = createSqsQueue({ client: sqs, queueUrl });
  async function loop(): Promise<never> {
    for (;;) {
      const attemptId = crypto.randomUUID();
      const messages = await queue.receive({ maxMessages: SQS_BATCH_ENTRIES, waitSeconds: 20, visibilitySeconds: VISIBILITY_SECONDS, attemptId });
      if (messages.length === 0) continue;
      const { unprocessed } = await table.putBatch(messages.map((message) => itemOf(message.body, message.sequenceNumber)));
      if (unprocessed.length > 0) throw new Error("the table is not ample");
      await queue.deleteBatch(messages.map((message) => message.receiptHandle));
    }
  }
  await Promise.all(Array.from({ length: RAW_LOOPS }, loop));
}

process.once("SIGTERM", () => process.exit(0));
const mode = process.argv[2];
console.log(JSON.stringify({ event: "ready", mode }));
if (mode === "sqs-consumer-message") perMessage(SQS_BATCH_ENTRIES);
else if (mode === "sqs-consumer-one") perMessage(1);
else if (mode === "sqs-consumer-batch") perBatch();
else if (mode === "raw") await raw();
else throw new Error(`no such contender: ${mode ?? ""}`);
