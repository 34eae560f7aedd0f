import type { SQSClient } from "@aws-sdk/client-sqs";
import { type ActivityMessage, MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, userHash } from "#lib/domain/activity-key.ts";
import { itemBytes } from "#lib/domain/write-units.ts";
import { toItem } from "#lib/gateways/activity-table.ts";
import { createSqsQueue, SQS_BATCH_ENTRIES } from "#lib/gateways/sqs-queue.ts";

const WRITE_UNIT_BYTES = 1_024;
/** Room for a longer sequence number. */
const SPARE_BYTES = 24;

/** One activity of exactly so many write units. @param number makes its id; users share out in turn. */
export function unitsMessage(number: number, { users, prefix, units }: { users: number; prefix: string; units: number }): ActivityMessage {
  const acceptedAt = new Date(Date.UTC(2026, 0, 1) + number).toISOString();
  const activity = {
    id: `${prefix}-${number}`,
    userId: `${prefix}-user-${number % users}`,
    type: "bench.view",
    occurredAt: acceptedAt,
    properties: "{}",
  };
  const item = toItem(activity, { acceptedAt, storedAt: acceptedAt, sequence: "0".repeat(20), retentionDays: 90 });
  const padding = Math.max(0, units * WRITE_UNIT_BYTES - SPARE_BYTES - itemBytes({ ...item }) - '"p":""'.length);
  return { v: MESSAGE_VERSION, acceptedAt, activity: { ...activity, properties: JSON.stringify({ p: "x".repeat(padding) }) } };
}

/**
 * Sends `count` activities of many users, in order within each.
 * @param unitsOf write units of the n-th; left out = one.
 * @throws when SQS refuses one.
 */
export async function fillQueue({
  client,
  queueUrl,
  count,
  users,
  prefix,
  from = 0,
  unitsOf = () => 1,
}: {
  client: SQSClient;
  queueUrl: string;
  count: number;
  users: number;
  prefix: string;
  from?: number;
  unitsOf?: (number: number) => number;
}): Promise<void> {
  const queue = createSqsQueue({ client, queueUrl });
  for (let at = from; at < from + count; at += SQS_BATCH_ENTRIES) {
    const size = Math.min(SQS_BATCH_ENTRIES, from + count - at);
    const messages = Array.from({ length: size }, (_, offset) => unitsMessage(at + offset, { users, prefix, units: unitsOf(at + offset) }));
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
