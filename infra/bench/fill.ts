import type { SQSClient } from "@aws-sdk/client-sqs";
import { type ActivityMessage, MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, userHash } from "#lib/domain/activity-key.ts";
import { itemBytes } from "#lib/domain/write-units.ts";
import { toItem } from "#lib/gateways/activity-table.ts";
import { createSqsQueue, SQS_BATCH_ENTRIES } from "#lib/gateways/sqs-queue.ts";

const ITEM_BYTES = 1_000; // one write unit, with room for a longer sequence number

/** One activity of exactly one write unit. @param number makes its id; users share out in turn. */
export function oneUnitMessage(number: number, { users, prefix }: { users: number; prefix: string }): ActivityMessage {
  const acceptedAt = new Date(Date.UTC(2026, 0, 1) + number).toISOString();
  const activity = {
    id: `${prefix}-${number}`,
    userId: `${prefix}-user-${number % users}`,
    type: "bench.view",
    occurredAt: acceptedAt,
    properties: "{}",
  };
  const item = toItem(activity, { acceptedAt, storedAt: acceptedAt, sequence: "0".repeat(20), retentionDays: 90 });
  const padding = Math.max(0, ITEM_BYTES - itemBytes({ ...item }) - '"p":""'.length);
  return { v: MESSAGE_VERSION, acceptedAt, activity: { ...activity, properties: JSON.stringify({ p: "x".repeat(padding) }) } };
}

/** Sends `count` one-unit activities of many users, in order within each. @throws when SQS refuses one. */
export async function fillQueue({
  client,
  queueUrl,
  count,
  users,
  prefix,
  from = 0,
}: {
  client: SQSClient;
  queueUrl: string;
  count: number;
  users: number;
  prefix: string;
  from?: number;
}): Promise<void> {
  const queue = createSqsQueue({ client, queueUrl });
  for (let at = from; at < from + count; at += SQS_BATCH_ENTRIES) {
    const size = Math.min(SQS_BATCH_ENTRIES, from + count - at);
    const messages = Array.from({ length: size }, (_, offset) => oneUnitMessage(at + offset, { users, prefix }));
    const results = await queue.sendBatch(
      messages.map((message) => ({
        groupId: userHash(message.activity.userId),
        deduplicationId: deduplicationId(message.activity),
        body: JSON.stringify(message),
      })),
    );
    const refused = results.find((result) => !result.ok);
    if (refused) throw new Error(`SQS refused a message: ${JSON.stringify(refused)}`);
  }
}
