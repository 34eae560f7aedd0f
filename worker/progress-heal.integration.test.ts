import { afterAll, beforeAll, expect, test } from "vitest";
import { fillQueue } from "#infra/bench/fill.ts";
import { type Stack, startStack } from "#infra/testing/stack.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createUserProgress } from "#lib/gateways/user-progress.ts";
import { createProgressHeal } from "./progress-heal.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

let stack: Stack;
let db: Db;

beforeAll(async () => {
  stack = await startStack();
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test" });
});
afterAll(async () => {
  await db?.$disconnect();
  await stack?.close();
});

test("users whose passes nobody told are through once the queue has been empty for two minutes; who sent since is not", async () => {
  const { queue, queueUrl } = stack.backend;
  const progress = createUserProgress({ db, queue });
  const sqs = createSqsQueue({ client: stack.clients.sqs, queueUrl });
  const { clock, advance } = ((time) => ({ clock: time.clock, advance: (ms: number) => time.advance(ms) }))(createVirtualClock(Date.now()));
  const startedMs = clock.now();
  let passedMs = 0;
  /** The database's clock, moved on with the virtual one. */
  const toHeal = async () => {
    const found = await progress.toHeal();
    return { ...found, at: new Date(found.at.getTime() + passedMs) };
  };
  const heal = createProgressHeal({ progress: { ...progress, toHeal }, queue: sqs, clock, emit: () => undefined });
  const look = async (seconds: number) => {
    await advance(seconds * 1000);
    passedMs = clock.now() - startedMs;
    await heal.look();
  };
  const report = (flush: number, users: readonly string[]) =>
    progress.reportAccepted(
      { writer: "api", flush, lost: 0, ended: false },
      users.map((user) => ({ userHash: userHash(user), sequence: "18850000000000000001", at: new Date(), count: 3 })),
    );

  await fillQueue({ client: stack.clients.sqs, queueUrl, count: 3, users: 1, prefix: "heal" });
  await report(1, ["gone", "also gone"]);
  for (let tick = 0; tick < 15; tick += 1) await look(10);
  expect(await progress.top({ by: "backlog", limit: 9 })).toHaveLength(2);

  // Taken off the queue by a worker that told nobody.
  const messages = await sqs.receive({ maxMessages: 10, waitSeconds: 0, visibilitySeconds: 60, attemptId: "a" });
  await look(10);
  await sqs.deleteBatch(messages.map(({ receiptHandle }) => receiptHandle));
  await look(10);
  for (let tick = 0; tick < 11; tick += 1) await look(10);
  expect(await progress.top({ by: "backlog", limit: 9 })).toHaveLength(2);
  // Reported two minutes after the queue was empty, by the database's clock.
  await report(2, ["new"]);
  await db.$executeRaw`UPDATE user_progress SET accepted_reported_at = ${new Date(Date.now() + passedMs)} WHERE user_hash = ${userHash("new")}`;
  await look(10);
  expect((await progress.top({ by: "backlog", limit: 9 })).map((row) => row.userHash)).toEqual([userHash("new")]);
  expect(await progress.ofUser(userHash("gone"))).toMatchObject({ waiting: 0, passedSequence: "18850000000000000001" });
});
