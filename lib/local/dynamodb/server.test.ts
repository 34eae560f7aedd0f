import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, test } from "vitest";
import { type ActivityItem, createActivityTable } from "#lib/gateways/activity-table.ts";
import { type DynamoDbOptions, startDynamoDb } from "./server.ts";

const TABLE = "activities";
const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

function clientOf(url: string): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint: url,
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  releases.push(async () => client.destroy());
  return client;
}

async function start(options: Partial<DynamoDbOptions> = {}) {
  const server = await startDynamoDb({ port: 0, ...options });
  releases.push(() => server.close());
  return { server, client: clientOf(server.url) };
}

async function createTable(client: DynamoDBClient, { writeUnits, readUnits = 1_000 }: { writeUnits: number; readUnits?: number }) {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      KeySchema: [
        { AttributeName: "userId", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "userId", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      ProvisionedThroughput: { WriteCapacityUnits: writeUnits, ReadCapacityUnits: readUnits },
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 0.01, maxDelay: 0.05 }, { TableName: TABLE });
}

async function started(options: Partial<DynamoDbOptions> & { writeUnits: number; readUnits?: number }) {
  const clock = { ms: 1_800_000_000_000 };
  const { server, client } = await start({ now: () => clock.ms, ...options });
  await createTable(client, options);
  return { server, client, clock, table: createActivityTable({ client, table: TABLE }) };
}

function item(number: number, { userId = `user-${number}`, bytes = 0 } = {}): ActivityItem {
  const at = new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();
  return {
    userId,
    sk: `${at}#a${number}`,
    id: `a${number}`,
    type: "page.view",
    occurredAt: at,
    acceptedAt: at,
    storedAt: at,
    sequence: String(number),
    ...(bytes > 0 && { properties: JSON.stringify({ text: "x".repeat(bytes) }) }),
  };
}
const items = (count: number, options = {}) => Array.from({ length: count }, (_, number) => item(number, options));

describe("the activity table's gateway", () => {
  test("puts a batch and pages through one user's items, newest first", async () => {
    const { table } = await started({ writeUnits: 100 });
    const put = await table.putBatch(items(5, { userId: "ann" }));
    expect(put).toEqual({ unprocessed: [], consumedWriteUnits: 5 });
    const first = await table.queryUser({ userId: "ann", limit: 3, newestFirst: true });
    expect(first.items.map((found) => found.id)).toEqual(["a4", "a3", "a2"]);
    const rest = await table.queryUser({ userId: "ann", limit: 3, newestFirst: true, after: first.lastSortKey ?? "" });
    expect(rest.items.map((found) => found.id)).toEqual(["a1", "a0"]);
    expect(rest.lastSortKey).toBeNull();
    const range = await table.queryUser({
      userId: "ann",
      from: item(1).occurredAt,
      to: item(3).occurredAt,
      limit: 10,
      newestFirst: false,
    });
    expect(range.items.map((found) => found.id)).toEqual(["a1", "a2", "a3"]);
  });

  test("describes the provisioned units, also after a change", async () => {
    const { table, client } = await started({ writeUnits: 200, readUnits: 50 });
    expect(await table.describe()).toMatchObject({ writeUnits: 200, readUnits: 50 });
    await client.send(
      new UpdateTableCommand({ TableName: TABLE, ProvisionedThroughput: { WriteCapacityUnits: 20, ReadCapacityUnits: 50 } }),
    );
    await expect.poll(async () => (await table.describe()).writeUnits).toBe(20);
    const put = await table.putBatch(items(25));
    expect(put.unprocessed).toHaveLength(5);
  });
});

describe("provisioned throughput", () => {
  test("what the units do not cover comes back unprocessed and was not stored", async () => {
    const { server, client, table, clock } = await started({ writeUnits: 10 });
    const put = await table.putBatch(items(25));
    expect(put).toEqual({ unprocessed: Array.from({ length: 15 }, (_, index) => index + 10), consumedWriteUnits: 10 });
    const stored = await client.send(new ScanCommand({ TableName: TABLE }));
    expect(stored.Count).toBe(10);
    expect(server.consumed(TABLE)).toEqual([
      expect.objectContaining({ second: clock.ms / 1000, writeUnits: 10, writtenItems: 10, throttledWrites: 15 }),
    ]);
  });

  test("a batch of which nothing went through is the exception, with the table's reason", async () => {
    const { table } = await started({ writeUnits: 10 });
    await table.putBatch(items(10));
    const refused = await table.putBatch(items(3)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProvisionedThroughputExceededException);
    expect((refused as ProvisionedThroughputExceededException).ThrottlingReasons).toEqual([
      { reason: "TableWriteProvisionedThroughputExceeded", resource: "arn:aws:dynamodb:us-east-1:000000000000:table/activities" },
    ]);
  });

  test("units come back with time, and what was not used is kept for burstSeconds", async () => {
    const { table, clock } = await started({ writeUnits: 10, burstSeconds: 3 });
    await table.putBatch(items(10));
    clock.ms += 500;
    expect((await table.putBatch(items(10))).unprocessed).toHaveLength(5);
    clock.ms += 60_000;
    expect((await table.putBatch(items(25))).unprocessed).toEqual([]);
    expect((await table.putBatch(items(25))).unprocessed).toHaveLength(20);
  });

  test("one key is held to 1,000 units a second though the table has more; other keys are not", async () => {
    const { server, client, table } = await started({ writeUnits: 5_000 });
    const large = (number: number, userId: string) => item(number, { userId, bytes: 100 * 1024 });
    for (let number = 0; number < 9; number += 1) await table.put(large(number, "hot"));
    const refused = await table.put(large(9, "hot")).catch((error: unknown) => error);
    expect((refused as ProvisionedThroughputExceededException).ThrottlingReasons?.[0]?.reason).toBe("TableWriteKeyRangeThroughputExceeded");
    const mixed = await table.putBatch([large(9, "hot"), large(0, "cold")]);
    expect(mixed.unprocessed).toEqual([0]);
    expect(server.consumed(TABLE)[0]?.throttledWrites).toBe(2);
    const got = await client.send(new GetItemCommand({ TableName: TABLE, Key: { userId: { S: "cold" }, sk: { S: item(0).sk } } }));
    expect(got.Item?.id?.S).toBe("a0");
  });

  test("replacing or deleting a larger item costs the larger one", async () => {
    const { server, client, table } = await started({ writeUnits: 20 });
    await table.put(item(1, { bytes: 9 * 1024 }));
    const replaced = await table.put(item(1));
    expect(replaced.consumedWriteUnits).toBe(10);
    expect(server.consumed(TABLE)[0]?.writeUnits).toBe(20);
    await expect(table.put(item(2))).rejects.toThrow(ProvisionedThroughputExceededException);
    const { userId, sk } = item(1);
    await expect(client.send(new DeleteItemCommand({ TableName: TABLE, Key: { userId: { S: userId }, sk: { S: sk } } }))).rejects.toThrow(
      ProvisionedThroughputExceededException,
    );
  });

  test("an item larger than a full bucket gets through once the bucket is full, and leaves a debt", async () => {
    const { table, clock } = await started({ writeUnits: 10, burstSeconds: 1 });
    await table.put(item(1, { bytes: 63 * 1024 }));
    clock.ms += 5_000;
    await expect(table.put(item(2))).rejects.toThrow(ProvisionedThroughputExceededException);
    clock.ms += 1_000;
    await table.put(item(2));
  });

  test("reads are held to the read units; a batch of them comes back in part", async () => {
    const { server, client, table } = await started({ writeUnits: 100, readUnits: 2 });
    await table.putBatch(items(6));
    const Keys = items(6).map(({ userId, sk }) => ({ userId: { S: userId }, sk: { S: sk } }));
    const answer = await client.send(new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys } } }));
    expect(answer.Responses?.[TABLE]).toHaveLength(4);
    expect(answer.UnprocessedKeys?.[TABLE]?.Keys).toEqual(Keys.slice(4));
    const refused = await table.queryUser({ userId: "user-1", limit: 1, newestFirst: true }).catch((error: unknown) => error);
    expect((refused as ProvisionedThroughputExceededException).ThrottlingReasons?.[0]?.reason).toBe("TableReadProvisionedThroughputExceeded");
    expect(server.consumed(TABLE)[0]).toMatchObject({ readUnits: 2, throttledReads: 3 });
  });

  test("a malformed request costs nothing, a failed condition costs its units", async () => {
    const { server, client } = await started({ writeUnits: 5 });
    await expect(client.send(new PutItemCommand({ TableName: TABLE, Item: { userId: { S: "ann" } } }))).rejects.toMatchObject({
      name: "ValidationException",
    });
    expect(server.consumed(TABLE)).toEqual([]);
    const Item = { userId: { S: "ann" }, sk: { S: "1" } };
    await expect(
      client.send(new PutItemCommand({ TableName: TABLE, Item, ConditionExpression: "attribute_exists(sk)" })),
    ).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
    expect(server.consumed(TABLE)[0]?.writeUnits).toBe(1);
  });

  test("two entries with one key are refused, also where one of them would have been held back", async () => {
    const { client } = await started({ writeUnits: 1 });
    const request = { PutRequest: { Item: { userId: { S: "ann" }, sk: { S: "1" } } } };
    await expect(client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: [request, request] } }))).rejects.toMatchObject({
      name: "ValidationException",
      message: "Provided list of item keys contains duplicates",
    });
  });

  test("an on-demand table is not held back", async () => {
    const { client } = await start();
    await client.send(
      new CreateTableCommand({
        TableName: TABLE,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 0.01, maxDelay: 0.05 }, { TableName: TABLE });
    const requests = Array.from({ length: 25 }, (_, index) => ({ PutRequest: { Item: { id: { S: `i${index}` }, text: { S: "x".repeat(5_000) } } } }));
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests }, ReturnConsumedCapacity: "TOTAL" }));
    expect(answer.UnprocessedItems).toEqual({});
    expect(answer.ConsumedCapacity?.[0]?.CapacityUnits).toBe(125);
  });
});

describe("time to live", () => {
  test("is off, can be switched on once, and deletes what has expired", async () => {
    const { server, client, clock } = await started({ writeUnits: 100 });
    const describeIt = () => client.send(new DescribeTimeToLiveCommand({ TableName: TABLE }));
    expect((await describeIt()).TimeToLiveDescription).toEqual({ TimeToLiveStatus: "DISABLED" });
    const switchOn = () =>
      client.send(
        new UpdateTimeToLiveCommand({ TableName: TABLE, TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true } }),
      );
    await switchOn();
    expect((await describeIt()).TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "expiresAt" });
    await expect(switchOn()).rejects.toMatchObject({ name: "ValidationException", message: "TimeToLive is already enabled" });
    const expiresAt = Math.floor(clock.ms / 1000) + 60;
    const table = createActivityTable({ client, table: TABLE });
    await table.putBatch([{ ...item(1), expiresAt }, { ...item(2), expiresAt: expiresAt + 60 }, item(3)]);
    expect(await server.sweepExpired()).toBe(0);
    clock.ms += 61_000;
    expect(await server.sweepExpired()).toBe(1);
    const left = await client.send(new ScanCommand({ TableName: TABLE }));
    expect(left.Items?.map((found) => found.id?.S).toSorted()).toEqual(["a2", "a3"]);
    expect(server.consumed(TABLE).reduce((sum, second) => sum + second.writeUnits, 0)).toBe(3);
  });
});

describe("the server", () => {
  test("keeps tables, items and settings over a restart", async () => {
    const directory = await mkdtemp(join(tmpdir(), "dynamodb-"));
    releases.push(() => rm(directory, { recursive: true }));
    const before = await startDynamoDb({ port: 0, directory });
    const client = clientOf(before.url);
    await createTable(client, { writeUnits: 30 });
    await client.send(
      new UpdateTimeToLiveCommand({ TableName: TABLE, TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true } }),
    );
    await createActivityTable({ client, table: TABLE }).putBatch(items(20));
    await before.close();
    const after = await start({ directory });
    const found = await after.client.send(new ScanCommand({ TableName: TABLE }));
    expect(found.Count).toBe(20);
    expect(await createActivityTable({ client: after.client, table: TABLE }).describe()).toMatchObject({ writeUnits: 30 });
    const ttl = await after.client.send(new DescribeTimeToLiveCommand({ TableName: TABLE }));
    expect(ttl.TimeToLiveDescription?.AttributeName).toBe("expiresAt");
  });

  test("refuses a taken port, and a directory that is in use", async () => {
    const directory = await mkdtemp(join(tmpdir(), "dynamodb-"));
    releases.push(() => rm(directory, { recursive: true }));
    const { server } = await start({ directory });
    await expect(startDynamoDb({ port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await expect(startDynamoDb({ port: 0, directory })).rejects.toThrow(/in use by another process/);
  });

  test("shows its counters to other processes", async () => {
    const { server, table } = await started({ writeUnits: 10 });
    await table.putBatch(items(25));
    const read = async (path: string) => (await (await fetch(server.url + path)).json()) as unknown;
    expect(await read(`/_spillway/consumed?table=${TABLE}`)).toEqual({ table: TABLE, seconds: server.consumed(TABLE) });
    expect(await read("/_spillway/requests")).toMatchObject({ requests: { BatchWriteItem: 1, CreateTable: 1 } });
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
    expect(await server.tables()).toEqual([{ name: TABLE, writeUnits: 10, readUnits: 1_000 }]);
  });

  test("updates items, answers a missing table and forgets a deleted one", async () => {
    const { client, server } = await started({ writeUnits: 10 });
    const Key = { userId: { S: "ann" }, sk: { S: "1" } };
    const updated = await client.send(
      new UpdateItemCommand({ TableName: TABLE, Key, UpdateExpression: "SET a = :a", ExpressionAttributeValues: { ":a": { N: "1" } }, ReturnValues: "ALL_NEW" }),
    );
    expect(updated.Attributes?.a?.N).toBe("1");
    expect(updated.ConsumedCapacity).toBeUndefined();
    await client.send(new DeleteTableCommand({ TableName: TABLE }));
    await expect(
      client.send(new QueryCommand({ TableName: "other", KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": { S: "x" } } })),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect.poll(() => server.tables()).toEqual([]);
    await createTable(client, { writeUnits: 3 });
    expect((await createActivityTable({ client, table: TABLE }).putBatch(items(5))).unprocessed).toHaveLength(2);
  });
});
