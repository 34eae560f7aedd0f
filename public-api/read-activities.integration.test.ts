import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { localClientOptions, provisionTable } from "#infra/start/provision.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { until } from "#infra/testing/until.ts";
import { LOCAL_NAMES } from "#lib/config/local.ts";
import { activityReadAnswerSchema } from "#lib/contracts/activity-read.ts";
import { ingestProblemSchema } from "#lib/contracts/ingest.ts";
import { createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createReadShares } from "#lib/gateways/read-shares.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
import { createReadBudget } from "#lib/services/activity/read-budget.ts";
import { createAdmission } from "./admission.ts";
import { createKeyRate } from "./key-rate.ts";
import { createPublicApi } from "./server.ts";

const READ_UNITS = 200;
const SHARE = 0.5;
const ODD_USER = "Ωμέγα / 50%2F \u{1F600}?#&+;";
const START_MS = Date.parse("2026-01-31T12:00:00.000Z");
const at = (second: number) => new Date(START_MS + second * 1_000).toISOString();
const PROPERTIES = '{ "z":12345678901234567890.10, "a":[1e-7,"\\u0041"],"10":1,"2":2 }';

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let dynamodb: Awaited<ReturnType<typeof startDynamoDb>>;
let client: DynamoDBClient;
let table: ReturnType<typeof createActivityTable>;
let db: Db;

const item = (userId: string, second: number, properties: string) =>
  toItem(
    { id: `a-${second}`, userId, type: second % 2 === 0 ? "page.view" : "login", occurredAt: at(second), properties },
    { acceptedAt: at(second), storedAt: at(second + 1), sequence: String(second), retentionDays: 90 },
  );

async function store(items: ReturnType<typeof item>[]): Promise<void> {
  for (let start = 0; start < items.length; start += 20) expect((await table.putBatch(items.slice(start, start + 20))).unprocessed).toEqual([]);
}

beforeAll(async () => {
  [postgres, dynamodb] = await Promise.all([startPostgresOnly(), startDynamoDb({ port: 0 })]);
  await provisionTable(dynamodb.url, { tableWriteUnits: 20_000, tableReadUnits: READ_UNITS });
  client = new DynamoDBClient({ ...localClientOptions(dynamodb.url), maxAttempts: 1 });
  table = createActivityTable({ client, table: LOCAL_NAMES.table });
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 4 });
  await store(Array.from({ length: 30 }, (_, n) => item(ODD_USER, n, PROPERTIES)));
  await store(Array.from({ length: 60 }, (_, n) => item("small", n, "{}")));
  // As large as activities get, one user of them each: a key takes no more than 1,000 units a second.
  for (const user of ["large-1", "large-2"]) await store(Array.from({ length: 14 }, (_, n) => item(user, n, JSON.stringify({ text: "x".repeat(65_000) }))));
});

const releasers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const release of releasers.splice(0).toReversed()) await release();
});
afterAll(async () => {
  client.destroy();
  await db.$disconnect();
  await Promise.all([postgres.close(), dynamodb.close()]);
});

/** One process's API, in this process: its own part of the budget, its own bucket. */
async function startApi({ queue = "activities.fifo", readsPerSecond = 10_000, over = table, described = table }: { queue?: string; readsPerSecond?: number; over?: typeof table; described?: typeof table } = {}) {
  const logged: string[] = [];
  const log = (_: string, event: string, fields?: object) => logged.push(JSON.stringify({ event, ...fields }));
  const budget = createReadBudget({
    shares: createReadShares({ db, queue, budget: "open-api" }),
    provisioned: async () => (await described.describe()).readUnits,
    share: SHARE,
    holder: crypto.randomUUID(),
    clock: {
      now: () => performance.now(),
      after: (delayMs, action) => {
        const timer = setTimeout(action, delayMs);
        return () => clearTimeout(timer);
      },
    },
    report: ({ event, ...fields }) => log("warn", event, fields),
  });
  const api = createPublicApi({
    ctx: {
      batcher: { submit: () => Promise.resolve([]) },
      now: Date.now,
      deadlineMs: 1_000,
      admission: createAdmission({ maxRequests: 1_000, maxBytes: 1024 ** 3 }),
      count: () => undefined,
    },
    reads: { table: over, budget, now: Date.now, report: ({ event, ...fields }) => log("warn", event, fields), keyRate: createKeyRate({ perSecond: readsPerSecond }) },
    authenticate: () => ({ ok: true, keyId: "AAAAAAAAAAAA" }),
    log,
  });
  await once(api.server.listen(0, "127.0.0.1"), "listening");
  const { port } = api.server.address() as AddressInfo;
  await budget.start(`127.0.0.1:${port}`);
  releasers.push(async () => {
    await budget.stop();
    await api.stop(0);
  });
  const get = (user: string, query = "") => fetch(`http://127.0.0.1:${port}/v1/users/${user}/activities${query}`);
  /** As a client does that waits when it is told to, only sooner. */
  const page = async (user: string, query = "") =>
    until(
      async () => {
        const response = await get(encodeURIComponent(user), query);
        if (response.status === 429) return null;
        expect(response.status).toBe(200);
        const text = await response.text();
        return { text, headers: response.headers, ...activityReadAnswerSchema.parse(JSON.parse(text)) };
      },
      { deadlineMs: 20_000 },
    );
  const all = async (user: string, query: string) => {
    const ids: string[] = [];
    for (let cursor: string | null = "", pages = 0; cursor !== null; pages += 1) {
      expect(pages).toBeLessThan(100);
      const answer: Awaited<ReturnType<typeof page>> = await page(user, `?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`);
      ids.push(...answer.activities.map(({ id }) => id));
      cursor = answer.nextCursor;
    }
    return ids;
  };
  return { get, page, all, logged, port };
}

const problemOf = async (response: Response) => {
  const problem = ingestProblemSchema.parse(await response.json());
  return { ...problem, errors: problem.errors?.map(({ field }) => field) };
};

describe("reading a user's activities", () => {
  it("gives them as they were stored, with what is known of their delivery, and says the name of nobody in a log", async () => {
    const { page, logged, get } = await startApi();
    const { text, headers, activities, nextCursor } = await page(ODD_USER, "?limit=1");
    expect(text).toContain(`"properties":${PROPERTIES},`);
    expect(activities[0]).toMatchObject({ id: "a-29", userId: ODD_USER, type: "login", occurredAt: at(29), delivery: { acceptedAt: at(29), storedAt: at(30), sequence: "29" } });
    expect(activities[0]?.delivery.expiresAt).toBe(new Date(START_MS + 29_000 + 90 * 86_400_000).toISOString());
    expect(nextCursor).toEqual(expect.any(String));
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "content-type": "application/json",
      "ratelimit-policy": '"key";q=10000;w=1, "reads";q=100;w=1;qu="read-units"',
      ratelimit: '"key";r=9999;t=1',
    });
    await page("nobody");
    await get("%zz");
    expect(logged.join("")).toBe("");
  });

  it("pages in both orders, by type and by time, each activity once", async () => {
    const { all } = await startApi();
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    expect(await all(ODD_USER, "limit=7")).toEqual(numbers.toReversed().map((n) => `a-${n}`));
    expect(await all(ODD_USER, "limit=7&order=oldest")).toEqual(numbers.map((n) => `a-${n}`));
    expect(await all(ODD_USER, "limit=4&type=login&order=oldest")).toEqual(numbers.filter((n) => n % 2 === 1).map((n) => `a-${n}`));
    expect(await all(ODD_USER, `limit=500&type=login,page.view&from=${at(3)}&to=${at(6)}`)).toEqual(["a-6", "a-5", "a-4", "a-3"]);
  });

  it("refuses what it cannot answer: names, queries, cursors of others", async () => {
    const { get, page } = await startApi();
    for (const user of ["%ff", "%", "a%2", "%00", "x".repeat(257), "%EF%BF%BF"]) expect([user, await problemOf(await get(user))]).toMatchObject([user, { status: 400, code: "invalid_user_id", errors: ["userId"] }]);
    expect(await problemOf(await get("u", "?limit=0&limit=1&user=x&order=up"))).toMatchObject({ status: 400, code: "invalid_query", errors: ["limit", "query", "limit", "order"] });
    const { nextCursor } = await page(ODD_USER, "?limit=1");
    expect(await problemOf(await get("small", `?cursor=${nextCursor}`))).toMatchObject({ status: 400, errors: ["cursor"] });
    expect(await problemOf(await get(encodeURIComponent(ODD_USER), `?order=oldest&cursor=${nextCursor}`))).toMatchObject({ status: 400, errors: ["cursor"] });
    expect((await get("", "")).status).toBe(404);
    expect((await get("a/b", "")).status).toBe(404);
  });

  it("lets one key ask only so often", async () => {
    const { get } = await startApi({ readsPerSecond: 1 });
    const answers = await Promise.all([get("%"), get("%"), get("%")]);
    const told = await Promise.all(answers.map(async (answer) => [answer.headers.get("retry-after"), answer.headers.get("ratelimit"), (await problemOf(answer)).code]));
    expect(told).toContainEqual(["1", '"key";r=0;t=1', "key_over_rate"]);
  });

  it("says 503 and when to come again while the table is away", async () => {
    const gone = new DynamoDBClient({ ...localClientOptions("http://127.0.0.1:1"), maxAttempts: 1 });
    const { get, logged } = await startApi({ over: createActivityTable({ client: gone, table: LOCAL_NAMES.table }) });
    const response = await until(async () => get("small").then((answer) => (answer.status === 429 ? null : answer)), { deadlineMs: 5_000 });
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await problemOf(response)).toMatchObject({ status: 503, code: "reads_unavailable" });
    expect(logged).toContain('{"event":"activities_unread","kind":"unavailable"}');
    gone.destroy();
  });
});

describe("the table's read units", () => {
  it("are not exceeded by several processes that are asked for all they can give, whatever the size of the items", async () => {
    const apis = await Promise.all(Array.from({ length: 3 }, () => startApi({ queue: "bound.fifo" })));
    // Each has its part once the first has made room.
    for (const { page } of apis) await page("nobody");
    const before = dynamodb.consumed(LOCAL_NAMES.table).reduce((sum, { throttledReads }) => sum + throttledReads, 0);
    const startSecond = Math.floor(Date.now() / 1000) + 1;
    const endMs = Date.now() + 4_500;
    const statuses: Record<number, number> = {};
    await Promise.all(
      apis.flatMap(({ get }) =>
        ["large-1", "large-2", "small", "small"].map(async (user) => {
          while (Date.now() < endMs) {
            const response = await get(user, "?limit=50");
            await response.arrayBuffer();
            statuses[response.status] = (statuses[response.status] ?? 0) + 1;
            if (response.status !== 429) continue;
            expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
            expect(response.headers.get("ratelimit")).toMatch(/, "reads";r=0;t=\d+$/);
            // Not at once again: this machine's time is for the readers.
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }),
      ),
    );
    const seconds = dynamodb.consumed(LOCAL_NAMES.table, startSecond);
    expect(seconds.reduce((sum, { throttledReads }) => sum + throttledReads, 0)).toBe(0);
    expect(dynamodb.consumed(LOCAL_NAMES.table).reduce((sum, { throttledReads }) => sum + throttledReads, 0)).toBe(before);
    const rate = READ_UNITS * SHARE;
    // Half a second's burst, of which each one's part holds the largest item.
    for (const { readUnits } of seconds) expect(readUnits).toBeLessThanOrEqual(rate * 1.5);
    // It is a bound, and not a wall: most of the rate is really given.
    const middle = seconds.slice(0, 3);
    expect(middle.reduce((sum, { readUnits }) => sum + readUnits, 0) / middle.length).toBeGreaterThan(rate * 0.4);
    expect(Object.keys(statuses).toSorted()).toEqual(["200", "429"]);
  });

  it("of a table that cannot serve all processes at a time are not exceeded either, and each serves in its turn", async () => {
    const small = await startDynamoDb({ port: 0 });
    await provisionTable(small.url, { tableWriteUnits: 20_000, tableReadUnits: 20 });
    const smallClient = new DynamoDBClient({ ...localClientOptions(small.url), maxAttempts: 1 });
    releasers.push(async () => {
      smallClient.destroy();
      await small.close();
    });
    const over = createActivityTable({ client: smallClient, table: LOCAL_NAMES.table });
    await over.putBatch(Array.from({ length: 6 }, (_, n) => item("large", n, JSON.stringify({ text: "x".repeat(65_000) }))));
    const apis = await Promise.all(Array.from({ length: 3 }, () => startApi({ queue: "small.fifo", over, described: over })));
    const served = apis.map(() => 0);
    const enough = () => served.every((pages) => pages > 1);
    await Promise.all(
      apis.map(({ get }, position) =>
        until(
          async () => {
            const response = await get("large", "?limit=1");
            const text = await response.text();
            if (response.status === 200) served[position] = (served[position] ?? 0) + 1;
            // Two where a turn ended while a read was under way, which is paid first.
            else expect([response.status, response.headers.get("retry-after"), text]).toEqual([429, expect.stringMatching(/^[12]$/), expect.stringContaining("reads_over_capacity")]);
            return enough();
          },
          { deadlineMs: 30_000 },
        ),
      ),
    );
    const seconds = small.consumed(LOCAL_NAMES.table);
    expect(seconds.every(({ throttledReads }) => throttledReads === 0)).toBe(true);
    expect(Math.max(...seconds.map(({ readUnits }) => readUnits))).toBeGreaterThanOrEqual(8);
    for (const { readUnits } of seconds) expect(readUnits).toBeLessThanOrEqual(20);
  }, 40_000);
});
