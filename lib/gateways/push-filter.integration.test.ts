import { DescribeTimeToLiveCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localClientOptions, provisionPushFilter } from "#infra/start/provision.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
import { pushFilterContract } from "#worker/testing/push-filter-contract.ts";
import { createPushFilter } from "./push-filter.ts";

const TABLE = "pushes";
const NOW_MS = 1_800_000_000_500;
let dynamodb: Awaited<ReturnType<typeof startDynamoDb>>;
let client: DynamoDBClient;
let filter: ReturnType<typeof createPushFilter>;

beforeAll(async () => {
  dynamodb = await startDynamoDb({ port: 0 });
  await provisionPushFilter(dynamodb.url, TABLE);
  client = new DynamoDBClient(localClientOptions(dynamodb.url));
  filter = createPushFilter({ client, table: TABLE, keptSeconds: 3_600, now: () => NOW_MS });
});
afterAll(async () => {
  client?.destroy();
  await dynamodb?.close();
});

const row = async (key: string) => (await client.send(new GetItemCommand({ TableName: TABLE, Key: { key: { S: key } } }))).Item;

pushFilterContract("the table", () => filter);

test("rows end by the table's TTL, or never", async () => {
  await filter.markDone({ key: "ttl", claim: "a" });
  expect((await row("ttl"))?.expiresAt?.N).toBe("1800003601");
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: TABLE }));
  expect(TimeToLiveDescription).toMatchObject({ AttributeName: "expiresAt", TimeToLiveStatus: "ENABLED" });
  const forever = createPushFilter({ client, table: TABLE, keptSeconds: 0, now: () => NOW_MS });
  await forever.markDone({ key: "forever", claim: "a" });
  expect(await row("forever")).not.toHaveProperty("expiresAt");
});

test("a table that is not there is thrown", async () => {
  const nowhere = createPushFilter({ client, table: "nowhere", keptSeconds: 0, now: () => NOW_MS });
  await expect(nowhere.claim({ key: "a", claim: "a" })).rejects.toThrow();
});
