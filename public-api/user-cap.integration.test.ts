import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startChild } from "#infra/start/child.ts";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { type Stack, startStack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import { ingestProblemSchema, ingestResponseSchema } from "#lib/contracts/ingest.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createUserProgress } from "#lib/gateways/user-progress.ts";
import { createBatcher } from "#lib/services/activity/ingest-batcher.ts";
import { createIngestProgress } from "#lib/services/activity/ingest-progress.ts";
import { queueSender } from "#lib/services/activity/ingest-send.ts";
import { createAdmission } from "./admission.ts";
import { createPublicApi, type PublicApi } from "./server.ts";

const CAP = 50;

let stack: Stack;
let db: Db;
let store: ReturnType<typeof createUserProgress>;
/** Two processes of the public API, whose time stands still: they tell and look when the test says so. */
let apis: { api: PublicApi; url: string; tell: (input?: { final?: boolean }) => Promise<void> }[];

async function startApi(writer: string) {
  const batcher = createBatcher({
    send: queueSender(createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl })),
    clock: {
      now: Date.now,
      after: (delayMs, action) => {
        const timer = setTimeout(action, delayMs);
        return () => clearTimeout(timer);
      },
    },
    random: () => 0,
  });
  const progress = createIngestProgress({ store, cap: CAP, writer, now: () => 0, report: () => undefined });
  await progress.tell();
  const admission = createAdmission({ maxRequests: 100, maxBytes: 64_000_000 });
  const api = createPublicApi({
    ctx: { batcher, progress, now: Date.now, deadlineMs: 5_000, admission, count: () => undefined },
    authenticate: () => ({ ok: true, keyId: "AAAAAAAAAAAA" }),
    log: () => undefined,
  });
  await once(api.server.listen(0, "127.0.0.1"), "listening");
  return { api, tell: progress.tell, url: `http://127.0.0.1:${(api.server.address() as AddressInfo).port}/v1/activities` };
}

beforeAll(async () => {
  stack = await startStack();
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test" });
  store = createUserProgress({ db, queue: stack.backend.queue });
  apis = [await startApi("api 1"), await startApi("api 2")];
});

afterAll(async () => {
  await Promise.all((apis ?? []).map(({ api }) => api.stop(0)));
  await db?.$disconnect();
  await stack?.close();
});

let ids = 0;
const post = async (users: readonly string[], process = 0) => {
  const body = users.map((userId) => ({ id: `a${(ids += 1)}`, userId, type: "t", occurredAt: "2026-01-31T12:00:00Z" }));
  return fetch(apis[process]?.url ?? "", { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
};
const endedWriters = () => db.progressWriter.findMany({ where: { endedAt: { not: null } } });
const times = (count: number, user: string) => Array.from({ length: count }, () => user);

it("a spike of one user ends at the cap, others go on, and the user is taken again once workers have drained it", async () => {
  // Within one request, and beside others.
  expect((await post(times(20, "hot"))).status).toBe(202);
  const mixed = await post([...times(40, "hot"), "calm"]);
  expect(mixed.status).toBe(207);
  const { results } = ingestResponseSchema.parse(await mixed.json());
  expect(results.map(({ status }) => status)).toEqual([...times(30, "accepted"), ...times(10, "not_sent"), "accepted"]);

  const refused = await post(times(3, "hot"));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  const problem = ingestProblemSchema.parse(await refused.json());
  expect(problem).toMatchObject({ code: "user_over_cap", results: times(3, "not_sent").map((status) => ({ status })) });
  expect((await post(times(50, "calm 2"))).status).toBe(202);

  // Another process knows once both have told and looked.
  for (const { tell } of apis) await tell();
  expect((await post(["hot"], 1)).status).toBe(429);
  expect(await store.ofUser(userHash("hot"))).toMatchObject({ waiting: CAP, acceptedCount: CAP, passedAt: null });

  const worker = startChild({ args: ["worker/main.ts"], env: stack.env });
  try {
    await worker.event("ready", { deadlineMs: 30_000 });
    const drained = await until(async () => ((await store.ofUser(userHash("hot")))?.waiting === 0 ? await store.ofUser(userHash("hot")) : null), {
      deadlineMs: 30_000,
      what: "the hot user's backlog",
    });
    expect(drained).toMatchObject({ storedCount: CAP, passedCount: CAP, deadCount: 0, passedSequence: drained.acceptedSequence });
    expect(drained.passedAt).not.toBeNull();
    for (const { tell } of apis) await tell();
    expect((await post(times(CAP, "hot"), 1)).status).toBe(202);
  } finally {
    await worker.stop();
  }
  // It ended with its last report told.
  expect(await endedWriters()).toMatchObject([{ lostCount: 0n, lostAt: null }]);
});

it("the process holds users to the cap that it is given, and tells all it accepted when it is stopped", async () => {
  const ended = await endedWriters();
  const key = await makeApiKey({ db, queue: stack.backend.queue });
  const process = startChild({ args: ["public-api/main.ts"], env: { ...stack.env, PUBLIC_API_PORT: "0", PUBLIC_API_USER_PENDING_MAX: "5" } });
  try {
    const { port } = await process.event("ready", { deadlineMs: 30_000 });
    const body = times(8, "stopped").map((userId, n) => ({ id: `s${n}`, userId, type: "t", occurredAt: "2026-01-31T12:00:00Z" }));
    const response = await fetch(`http://127.0.0.1:${String(port)}/v1/activities`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
    });
    const { results } = ingestResponseSchema.parse(await response.json());
    expect(results.map(({ status }) => status)).toEqual([...times(5, "accepted"), ...times(3, "not_sent")]);
  } finally {
    await process.stop();
  }
  expect(await store.ofUser(userHash("stopped"))).toMatchObject({ acceptedCount: 5, waiting: 5 });
  expect(await endedWriters()).toHaveLength(ended.length + 1);
});
