import { DescribeTimeToLiveCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localClientOptions, provisionPushFilter } from "#infra/start/provision.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
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

test("a key is claimed by one, however many ask at once", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => filter.claim({ key: "one", claim: `c${n}` })));
  expect(answers.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
  const winner = `c${answers.findIndex(({ kind }) => kind === "claimed")}`;
  expect(answers.filter(({ kind }) => kind === "taken")).toEqual(Array.from({ length: 19 }, () => ({ kind: "taken", claim: winner })));
});

test("asking again with the same claim is harmless, also after it is done", async () => {
  expect(await filter.claim({ key: "again", claim: "a" })).toEqual({ kind: "claimed" });
  expect(await filter.claim({ key: "again", claim: "a" })).toEqual({ kind: "claimed" });
  await filter.markDone({ key: "again", claim: "a" });
  expect(await filter.claim({ key: "again", claim: "a" })).toEqual({ kind: "done" });
  expect(await filter.claim({ key: "again", claim: "b", over: "a" })).toEqual({ kind: "done" });
});

test("a claim is taken over by name only, and by one only", async () => {
  await filter.claim({ key: "over", claim: "dead" });
  expect(await filter.claim({ key: "over", claim: "x", over: "another" })).toEqual({ kind: "taken", claim: "dead" });
  const answers = await Promise.all(["x", "y", "z"].map((claim) => filter.claim({ key: "over", claim, over: "dead" })));
  expect(answers.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
});

test("given back, it is free; another's and a done one stay", async () => {
  await filter.claim({ key: "back", claim: "a" });
  await filter.giveBack({ key: "back", claim: "b" });
  expect(await filter.claim({ key: "back", claim: "b" })).toEqual({ kind: "taken", claim: "a" });
  await filter.giveBack({ key: "back", claim: "a" });
  expect(await filter.claim({ key: "back", claim: "b" })).toEqual({ kind: "claimed" });
  await filter.markDone({ key: "back", claim: "b" });
  await filter.giveBack({ key: "back", claim: "b" });
  expect(await filter.claim({ key: "back", claim: "c" })).toEqual({ kind: "done" });
});

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
