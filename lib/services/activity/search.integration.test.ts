import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { localClientOptions, provisionTable } from "#infra/start/provision.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { LOCAL_NAMES } from "#lib/config/local.ts";
import { activitySearchQuerySchema } from "#lib/contracts/activity-search.ts";
import { createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
import { search } from "./search.ts";

const SUPPORT = allowScript("activity:search", "test");
const START = Date.parse("2026-01-31T12:00:00.000Z");
const at = (second: number) => new Date(START + second * 1_000).toISOString();
const PER_USER = 30;

/** The table's own clock: a key takes so much in a second, however quickly the test writes. */
let tableMs = START;
let server: Awaited<ReturnType<typeof startDynamoDb>>;
let client: DynamoDBClient;
let table: ReturnType<typeof createActivityTable>;

function item(userId: string, second: number, properties = `{"n":${second},"big":12345678901234567890}`) {
  return toItem(
    { id: `a-${second}`, userId, type: "page.view", occurredAt: at(second), properties },
    { acceptedAt: at(second), storedAt: at(second), sequence: String(second), retentionDays: 90 },
  );
}

beforeAll(async () => {
  server = await startDynamoDb({ port: 0, now: () => tableMs });
  await provisionTable(server.url, { tableWriteUnits: 2_000 });
  client = new DynamoDBClient(localClientOptions(server.url));
  table = createActivityTable({ client, table: LOCAL_NAMES.table });
  const items = ["änn 日本", "bob"].flatMap((user) => Array.from({ length: PER_USER }, (_, second) => item(user, second)));
  for (let start = 0; start < items.length; start += 20) {
    expect((await table.putBatch(items.slice(start, start + 20))).unprocessed).toEqual([]);
  }
});

afterAll(async () => {
  client.destroy();
  await server.close();
});

async function readAll(input: object) {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const query = activitySearchQuerySchema.parse({ user: "änn 日本", ...input, ...(cursor !== null && { cursor }) });
    const outcome = await search({ ctx: { table, now: Date.now }, by: SUPPORT, input: query });
    if (outcome.kind === "refused") throw new Error(outcome.message);
    pages.push(outcome.result.items.map(({ id }) => id));
    cursor = outcome.result.nextCursor;
  } while (cursor !== null);
  return pages;
}

it("pages through one user's activities, newest first, each once, with no empty last page", async () => {
  const newestFirst = Array.from({ length: PER_USER }, (_, n) => `a-${PER_USER - 1 - n}`);
  expect((await readAll({ limit: 7 })).flat()).toEqual(newestFirst);
  expect(await readAll({ limit: 15 })).toHaveLength(2);
});

it("includes both ends of a range, given in any zone", async () => {
  const pages = await readAll({ limit: 2, from: "2026-01-31T14:00:03+02:00", to: at(6) });
  expect(pages.flat()).toEqual(["a-6", "a-5", "a-4", "a-3"]);
});

it("goes on where the table stopped at 1 MB, before the page was full", async () => {
  const user = "large";
  for (let second = 0; second < 20; second += 1) {
    tableMs += 1_000;
    await table.put(item(user, second, JSON.stringify({ text: "x".repeat(90_000) })));
  }
  const pages = await readAll({ user, limit: 50 });
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flat()).toEqual(Array.from({ length: 20 }, (_, n) => `a-${19 - n}`));
});

it("brings properties back as they were sent", async () => {
  const outcome = await search({ ctx: { table, now: Date.now }, by: SUPPORT, input: activitySearchQuerySchema.parse({ user: "bob", limit: 1 }) });
  expect(outcome).toMatchObject({ kind: "found", result: { items: [{ id: "a-29", properties: '{"n":29,"big":12345678901234567890}' }] } });
});
