import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Child, startChild } from "#infra/start/child.ts";
import { localClientOptions, provisionPushFilter } from "#infra/start/provision.ts";
import { type Stack, startStack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import { type ActivityMessage, MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, pushKey, sortKey, userHash } from "#lib/domain/activity-key.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";
import { createPushFilter } from "#lib/gateways/push-filter.ts";
import { createRedriveRuns } from "#lib/gateways/redrive-runs.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";

const FILTER_TABLE = "pushes";
const SECRET = "a secret of some length";

interface Request {
  key: string;
  user: string;
  id: string;
  signed: boolean;
}

let stack: Stack;
let db: Db;
let server: Server;
let client: DynamoDBClient;
/** What the receiver got, and what it took. */
let requests: Request[] = [];
let accepted: Request[] = [];
let answer: (request: Request) => number = () => 204;
const children: Child[] = [];

beforeAll(async () => {
  stack = await startStack({ tableWriteUnits: 200 });
  await provisionPushFilter(stack.dynamodb.url, FILTER_TABLE);
  client = new DynamoDBClient(localClientOptions(stack.dynamodb.url));
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test" });
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const [, at, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(request.headers["spillway-signature"])) ?? [];
      const { activity } = JSON.parse(body) as ActivityMessage;
      const got = {
        key: String(request.headers["idempotency-key"]),
        user: activity.userId,
        id: activity.id,
        signed: v1 === createHmac("sha256", SECRET).update(`${at}.${body}`).digest("hex"),
      };
      requests.push(got);
      const status = answer(got);
      if (status < 300) accepted.push(got);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()));
  requests = [];
  accepted = [];
  answer = () => 204;
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  client?.destroy();
  await db?.$disconnect();
  await stack?.close();
});

function startWorker(): Child {
  const { port } = server.address() as AddressInfo;
  const child = startChild({
    args: ["worker/main.ts"],
    env: {
      ...stack.env,
      WORKER_VISIBILITY_SECONDS: "4",
      WORKER_STORE_TIMEOUT_MS: "1000",
      WORKER_ATTEMPTS: "2",
      WORKER_PORT: "0",
      WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_ALLOW_PRIVATE: "true",
      PUSH_FILTER_TABLE: FILTER_TABLE,
    },
  });
  children.push(child);
  return child;
}

const activityOf = (userId: string, n: number) => ({ id: `${userId}-${n}`, userId, type: "t", occurredAt: new Date(Date.UTC(2026, 0, 1) + n).toISOString() });

async function send(userId: string, count: number): Promise<void> {
  const queue = createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl });
  const messages = Array.from({ length: count }, (_, n) => {
    const activity = activityOf(userId, n);
    const body: ActivityMessage = { v: MESSAGE_VERSION, acceptedAt: activity.occurredAt, activity };
    return { groupId: userHash(userId), deduplicationId: deduplicationId(activity), body: JSON.stringify(body) };
  });
  const results = await queue.sendBatch(messages);
  expect(results.every(({ ok }) => ok)).toBe(true);
}

const stored = async (userId: string, n: number) => {
  const { id, occurredAt } = activityOf(userId, n);
  const answered = await client.send(
    new GetItemCommand({ TableName: stack.backend.table, ConsistentRead: true, Key: { userId: { S: userId }, sk: { S: sortKey(occurredAt, id) } } }),
  );
  return answered.Item !== undefined;
};

async function drained(): Promise<boolean> {
  const { visible, inFlight } = await createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl }).attributes();
  return visible === 0 && inFlight === 0;
}

test("every activity is pushed once, signed and in order per user; health, readiness and metrics tell of it", async () => {
  const users = ["u1", "u2", "u3", "u4"];
  for (const user of users) await send(user, 10);
  const { healthUrl } = (await startWorker().event("ready", { deadlineMs: 30_000 })) as unknown as { healthUrl: string };
  await until(drained, { deadlineMs: 20_000, what: "an empty queue" });
  for (const user of users) expect(accepted.filter((one) => one.user === user).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, n) => `${user}-${n}`));
  expect(requests).toHaveLength(40);
  expect(requests.every(({ signed }) => signed)).toBe(true);
  expect(new Set(requests.map(({ key }) => key)).size).toBe(40);

  const health = await fetch(`${healthUrl}/healthz`);
  expect([health.status, await health.json()]).toMatchObject([200, { ok: true, checks: { eventLoop: { ok: true }, receiving: { ok: true } } }]);
  const ready = await fetch(`${healthUrl}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { checks: { state: { ok: true }, queue: { ok: true } } }]);
  const lines = (await (await fetch(`${healthUrl}/metrics`)).text()).split("\n");
  expect(lines).toContain('spillway_pushes_total{sink="webhook"} 40');
  expect(lines).toContain("spillway_activities_stored_total 40");
  expect(lines).toContain("spillway_messages_acked_total 40");
  expect(lines.some((line) => /^spillway_aws_calls_total\{service="sqs",operation="DeleteMessageBatch",outcome="ok"\} [1-9]/.test(line))).toBe(true);
  // Two of the filter's writes a push; none of them on the table whose write units are leased.
  expect(lines).toContain("spillway_write_units_total 40");
}, 60_000);

test("a worker killed at each step of a push: at most one more push for the kill, none where the push was marked", async () => {
  const filter = createPushFilter({ client, table: FILTER_TABLE, keptSeconds: 3_600, now: Date.now });
  const keyOf = (user: string) => `webhook#${pushKey(activityOf(user, 0))}`;
  // As workers killed after their claim, and after their mark, leave it.
  await filter.claim({ key: keyOf("claimed"), claim: "of a killed worker" });
  await filter.markDone({ key: keyOf("marked"), claim: "of a killed worker" });
  const doomed = startWorker();
  answer = ({ user }) => {
    if (user === "pushed" && requests.filter((one) => one.user === user).length === 1) doomed.kill(); // it has been pushed, and nobody will mark it
    return 204;
  };
  await doomed.event("ready", { deadlineMs: 30_000 });
  await send("pushed", 2);
  expect(await doomed.exited).toBe("SIGKILL");
  await send("claimed", 2);
  await send("marked", 2);
  startWorker();
  await until(drained, { deadlineMs: 45_000, what: "an empty queue" });
  const idsOf = (user: string) => accepted.filter((one) => one.user === user).map(({ id }) => id);
  expect(idsOf("pushed")).toEqual(["pushed-0", "pushed-0", "pushed-1"]);
  expect(idsOf("claimed")).toEqual(["claimed-0", "claimed-1"]);
  expect(idsOf("marked")).toEqual(["marked-1"]);
}, 90_000);

test("what the receiver refuses is stored, dies of its own reason, and is pushed by a redrive", async () => {
  answer = ({ id }) => (id === "refused-0" ? 422 : 204);
  await send("refused", 2);
  await startWorker().event("ready", { deadlineMs: 30_000 });
  await until(drained, { deadlineMs: 30_000, what: "an empty queue" });
  expect(await stored("refused", 0)).toBe(true);
  expect(accepted.map(({ id }) => id)).toEqual(["refused-1"]);
  const ledger = createDeadLetterLedger({ db, queue: stack.backend.queue });
  const death = await db.death.findFirstOrThrow({ where: { userId: "refused" } });
  expect(death).toMatchObject({ reason: "webhook_refused", attempts: 2, error: "the webhook answered 422" });

  answer = () => 204;
  const runs = createRedriveRuns({ db, queue: stack.backend.queue });
  const run = await runs.create({ runId: crypto.randomUUID(), deathIds: [death.id], actor: "test", reason: "the receiver is mended" });
  expect(run.outcome).toBe("created");
  await until(async () => (await ledger.byIds([death.id])).get(death.id)?.status === "stored", { deadlineMs: 30_000, what: "a resolved death" });
  expect(accepted.map(({ id }) => id)).toEqual(["refused-1", "refused-0"]);
}, 90_000);

test("a port that is taken is replaced by a free one, and said", async () => {
  const { port } = server.address() as AddressInfo;
  const child = startChild({ args: ["worker/main.ts"], env: { ...stack.env, WORKER_PORT: String(port) } });
  children.push(child);
  const listening = await child.event("health_listening", { deadlineMs: 30_000 });
  expect(listening.instead).toBe(port);
  expect((await fetch(`${String(listening.healthUrl)}/healthz`)).status).toBe(200);
}, 60_000);

test.each([
  [{ WEBHOOK_URL: "http://hooks.example.com/" }, "WEBHOOK_URL is wrong"],
  [{ WEBHOOK_URL: "https://169.254.169.254/latest" }, "WEBHOOK_URL names an address that is not public"],
  [{ WORKER_PORT: "99999" }, "WORKER_PORT is wrong"],
])("a worker with %j ends at once with a clear line", async (env, words) => {
  const lines: string[] = [];
  const child = startChild({ args: ["worker/main.ts"], env: { ...stack.env, ...env }, log: { file: "", line: (line) => lines.push(line), tail: () => "", forgetTail() {}, close() {} } });
  children.push(child);
  expect(await child.exited).toBe("exit code 78");
  expect(lines.join("\n")).toContain(words);
}, 30_000);
