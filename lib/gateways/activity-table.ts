import {
  type AttributeValue,
  BatchWriteItemCommand,
  type ConsumedCapacity,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { type Activity, type StoredActivity, storedActivitySchema } from "#lib/contracts/activity.ts";
import { sortKey } from "#lib/domain/activity-key.ts";
import { createWriteCeiling, type WriteCeiling } from "#lib/domain/write-ceiling.ts";

/** Most puts of one BatchWriteItem (DynamoDB API reference). */
export const TABLE_BATCH_ITEMS = 25;

/** An item as the table holds it: flat, so that its size is computed by the plain rules. */
export interface ActivityItem {
  userId: string;
  sk: string;
  id: string;
  type: string;
  occurredAt: string;
  sessionId?: string;
  source?: string;
  properties?: string;
  acceptedAt: string;
  storedAt: string;
  sequence?: string;
  expiresAt?: number;
}

/** Makes the item of an activity; all but the delivery facts is a pure function of the activity. */
export function toItem(
  activity: Activity,
  delivery: { acceptedAt: string; storedAt: string; sequence: string; retentionDays: number },
): ActivityItem {
  return {
    userId: activity.userId,
    sk: sortKey(activity.occurredAt, activity.id),
    id: activity.id,
    type: activity.type,
    occurredAt: activity.occurredAt,
    ...(activity.sessionId !== undefined && { sessionId: activity.sessionId }),
    ...(activity.source !== undefined && { source: activity.source }),
    ...(activity.properties !== undefined && { properties: activity.properties }),
    acceptedAt: delivery.acceptedAt,
    storedAt: delivery.storedAt,
    sequence: delivery.sequence,
    ...(delivery.retentionDays > 0 && {
      expiresAt: Math.floor(Date.parse(delivery.acceptedAt) / 1000) + delivery.retentionDays * 86_400,
    }),
  };
}

function marshal(item: ActivityItem): Record<string, AttributeValue> {
  const out: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(item) as [string, string | number | undefined][]) {
    if (value === undefined) continue;
    out[name] = typeof value === "number" ? { N: String(value) } : { S: value };
  }
  return out;
}

const KNOWN = Object.keys(storedActivitySchema.shape);

/** Leaves out what a later release or an index added. @throws ZodError when a row in the table is not one of ours. */
function unmarshal(item: Record<string, AttributeValue>): StoredActivity {
  const flat: Record<string, string | number> = {};
  for (const name of KNOWN) {
    const value = item[name];
    if (value === undefined) continue;
    if (value.S !== undefined) flat[name] = value.S;
    else if (value.N !== undefined) flat[name] = Number(value.N);
  }
  return storedActivitySchema.parse(flat);
}

export interface UserPage {
  items: StoredActivity[];
  /** Sort key to go on from, or null at the end. */
  lastSortKey: string | null;
  consumedReadUnits: number;
}

export interface TableDescription {
  writeUnits: number | null;
  ceiling: WriteCeiling;
  readUnits: number | null;
  itemCount: number | null;
}

export type ActivityTable = ReturnType<typeof createActivityTable>;

/** The DynamoDB table of activities. Callers own their retries and time limits (the client's and the signal's). */
export function createActivityTable({ client, table }: { client: Pick<DynamoDBClient, "send">; table: string }) {
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {});
  const ceiling = createWriteCeiling();

  /** Units charged in all, the indexes' included; what fell on each is remembered for the ceiling. */
  function charged(consumed: readonly ConsumedCapacity[]): number {
    const onIndexes: Record<string, number> = {};
    for (const { GlobalSecondaryIndexes } of consumed) {
      for (const [index, { CapacityUnits = 0 }] of Object.entries(GlobalSecondaryIndexes ?? {})) onIndexes[index] = (onIndexes[index] ?? 0) + CapacityUnits;
    }
    const all = consumed.reduce((sum, part) => sum + (part.CapacityUnits ?? 0), 0);
    ceiling.charged({ table: all - Object.values(onIndexes).reduce((sum, one) => sum + one, 0), indexes: onIndexes });
    return all;
  }

  return {
    table,

    /**
     * Puts at most 25 items with distinct keys.
     * @returns positions that came back in UnprocessedItems (these were **not** stored) and the write units charged.
     * @throws the SDK's error when nothing was stored or the answer was lost.
     */
    async putBatch(items: readonly ActivityItem[], signal?: AbortSignal): Promise<{ unprocessed: number[]; consumedWriteUnits: number }> {
      const answer = await client.send(
        new BatchWriteItemCommand({
          RequestItems: { [table]: items.map((item) => ({ PutRequest: { Item: marshal(item) } })) },
          ReturnConsumedCapacity: "INDEXES",
        }),
        options(signal),
      );
      const positions = new Map(items.map((item, position) => [JSON.stringify([item.userId, item.sk]), position]));
      const unprocessed = (answer.UnprocessedItems?.[table] ?? []).flatMap((request) => {
        const item = request.PutRequest?.Item;
        const position = positions.get(JSON.stringify([item?.userId?.S, item?.sk?.S]));
        return position === undefined ? [] : [position];
      });
      return { unprocessed, consumedWriteUnits: charged(answer.ConsumedCapacity ?? []) };
    },

    /** Puts one item alone, so that a refusal comes as an exception that names its reason. */
    async put(item: ActivityItem, signal?: AbortSignal): Promise<{ consumedWriteUnits: number }> {
      const answer = await client.send(
        new PutItemCommand({ TableName: table, Item: marshal(item), ReturnConsumedCapacity: "INDEXES" }),
        options(signal),
      );
      return { consumedWriteUnits: charged(answer.ConsumedCapacity ? [answer.ConsumedCapacity] : []) };
    },

    /**
     * One page of a user's activities, by the time they occurred.
     * @param from inclusive, fixed-width UTC. @param to inclusive, fixed-width UTC.
     * @param after sort key to go on from. @param types only these; what is passed over is looked at and paid for too.
     */
    async queryUser(
      {
        userId,
        from,
        to,
        after,
        limit,
        newestFirst,
        types = [],
      }: { userId: string; from?: string; to?: string; after?: string; limit: number; newestFirst: boolean; types?: readonly string[] },
      signal?: AbortSignal,
    ): Promise<UserPage> {
      const answer = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: "userId = :user AND sk BETWEEN :from AND :to",
          ExpressionAttributeValues: {
            ":user": { S: userId },
            ":from": { S: from ?? "0" },
            // "~" sorts after every character an id may hold, so the whole millisecond is included.
            ":to": { S: `${to ?? "9999-12-31T23:59:59.999Z"}#~` },
            ...Object.fromEntries(types.map((type, n) => [`:type${n}`, { S: type }])),
          },
          ...(types.length > 0 && {
            FilterExpression: `#type IN (${types.map((_, n) => `:type${n}`).join(", ")})`,
            ExpressionAttributeNames: { "#type": "type" },
          }),
          ScanIndexForward: !newestFirst,
          Limit: limit,
          ReturnConsumedCapacity: "TOTAL",
          ...(after !== undefined && { ExclusiveStartKey: { userId: { S: userId }, sk: { S: after } } }),
        }),
        options(signal),
      );
      return {
        items: (answer.Items ?? []).map(unmarshal),
        lastSortKey: answer.LastEvaluatedKey?.sk?.S ?? null,
        consumedReadUnits: answer.ConsumedCapacity?.CapacityUnits ?? 0,
      };
    },

    /**
     * Provisioned units per second; `writeUnits` null for an on-demand table without a set maximum. `ceiling` is what
     * may be charged in all before the table or the first of its indexes is full.
     */
    async describe(signal?: AbortSignal): Promise<TableDescription> {
      const answer = await client.send(new DescribeTableCommand({ TableName: table }), options(signal));
      const described = answer.Table;
      const onDemand = described?.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST";
      const limit = (units: number | undefined) => (units !== undefined && units > 0 ? units : null);
      const writeUnits = limit(onDemand ? described?.OnDemandThroughput?.MaxWriteRequestUnits : described?.ProvisionedThroughput?.WriteCapacityUnits);
      const indexes = (described?.GlobalSecondaryIndexes ?? []).map(({ IndexName = "", ProvisionedThroughput, OnDemandThroughput }) => ({
        index: IndexName,
        writeUnits: limit(onDemand ? OnDemandThroughput?.MaxWriteRequestUnits : ProvisionedThroughput?.WriteCapacityUnits),
      }));
      return {
        writeUnits,
        ceiling: ceiling.ceiling([{ index: null, writeUnits }, ...indexes]),
        readUnits: limit(onDemand ? described?.OnDemandThroughput?.MaxReadRequestUnits : described?.ProvisionedThroughput?.ReadCapacityUnits),
        itemCount: described?.ItemCount ?? null,
      };
    },
  };
}
