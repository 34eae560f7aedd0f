import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillQueue } from "#infra/bench/fill.ts";
import { type Child, startChild } from "#infra/start/child.ts";
import { type Stack, startStack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createWorkerRegistry } from "#lib/gateways/worker-registry.ts";

const USERS = 20;
const TABLE_WCU = 200;

let stack: Stack;
let db: Db;
const children: Child[] = [];

beforeAll(async () => {
  stack = await startStack({ tableWriteUnits: TABLE_WCU });
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test" });
});
afterAll(async () => {
  await Promise.all(children.map((child) => child.stop()));
  await db?.$disconnect();
  await stack?.close();
});

async function startWorker(): Promise<Child> {
  const env = { ...stack.env, WORKER_VISIBILITY_SECONDS: "4", WORKER_STORE_TIMEOUT_MS: "1000" };
  const child = startChild({ args: ["worker/main.ts"], env });
  children.push(child);
  await child.event("ready", { deadlineMs: 30_000 });
  return child;
}

async function setDial(rateWcuPerSecond: number) {
  const drain = createDrainStore({ db, queue: stack.backend.queue });
  await drain.ensure();
  const { version } = await drain.read();
  const changed = await drain.change({ rateWcuPerSecond, expectedVersion: version, actor: "test" });
  expect(changed.outcome).toBe("changed");
  return changed.drain;
}

interface Row {
  id: string;
  userId: string;
  sequence: string;
  storedAt: string;
}

/** Everything in the table whose id has the prefix. */
async function dump(prefix: string): Promise<Row[]> {
  const rows: Row[] = [];
  let from: Record<string, never> | undefined;
  do {
    const page = await stack.clients.dynamodb.send(
      new ScanCommand({ TableName: stack.backend.table, ConsistentRead: true, ...(from !== undefined && { ExclusiveStartKey: from }) }),
    );
    for (const item of page.Items ?? []) {
      rows.push({ id: item.id?.S ?? "", userId: item.userId?.S ?? "", sequence: item.sequence?.S ?? "", storedAt: item.storedAt?.S ?? "" });
    }
    from = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (from !== undefined);
  return rows.filter(({ id }) => id.startsWith(`${prefix}-`));
}

async function drained(): Promise<boolean> {
  const { visible, inFlight } = await createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl }).attributes();
  return visible === 0 && inFlight === 0;
}

test("a worker killed in the middle of a drain and restarted loses nothing, stores nothing twice and keeps order; the guard holds", async () => {
  const count = 900;
  await fillQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl, count, users: USERS, prefix: "kill" });
  await setDial(1_000); // five times the table
  const from = Math.floor(Date.now() / 1000);
  for (const stored of [150, 400]) {
    const doomed = await startWorker();
    await until(() => stack.dynamodb.consumed(stack.backend.table, from).reduce((sum, one) => sum + one.writeUnits, 0) >= stored, {
      deadlineMs: 30_000,
      what: `${stored} units stored`,
    });
    doomed.kill();
    expect(await doomed.exited).toContain("SIGKILL");
  }
  await startWorker();
  await until(drained, { deadlineMs: 40_000, what: "an empty queue" });

  const rows = await dump("kill");
  expect(new Set(rows.map(({ id }) => id)).size).toBe(count);
  expect(rows).toHaveLength(count);
  for (const mine of Map.groupBy(rows, ({ userId }) => userId).values()) {
    const inOrder = mine.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
    expect(inOrder.map(({ id }) => Number(id.split("-")[1]))).toEqual(mine.map(({ id }) => Number(id.split("-")[1])).toSorted((a, b) => a - b));
    const times = inOrder.map(({ storedAt }) => storedAt);
    expect(times).toEqual(times.toSorted());
  }
  const seconds = stack.dynamodb.consumed(stack.backend.table, from);
  expect(seconds.reduce((sum, one) => sum + one.throttledWrites, 0)).toBe(0);
  expect(Math.max(...seconds.map(({ writeUnits }) => writeUnits))).toBeLessThanOrEqual(0.9 * TABLE_WCU * 1.1);
}, 120_000);

test("a change of the dial is acknowledged within a second, and a stop is graceful", async () => {
  for (const child of children.splice(0)) await child.stop();
  await setDial(20);
  const registry = createWorkerRegistry({ db, queue: stack.backend.queue });
  const worker = await startWorker();
  const mine = async () => (await registry.list({ seenSince: new Date(Date.now() - 60_000) })).find(({ pid }) => pid === worker.pid);
  await until(async () => (await mine())?.acknowledged?.rateWcuPerSecond === 20, { deadlineMs: 5_000, what: "the first acknowledgement" });
  const changed = await setDial(120);
  const acknowledged = await until(
    async () => {
      const row = await mine();
      return row?.acknowledged?.version === changed.version ? row.acknowledged : null;
    },
    { deadlineMs: 3_000, what: "the acknowledgement of a change" },
  );
  expect(acknowledged.rateWcuPerSecond).toBe(120);
  expect(acknowledged.at.getTime() - Date.parse(changed.changedAt)).toBeLessThanOrEqual(1_000);

  await fillQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl, count: 300, users: USERS, prefix: "stop" });
  await until(async () => (await dump("stop")).length > 20, { deadlineMs: 10_000, what: "a drain under way" });
  await worker.stop();
  expect(await worker.exited).toBe("exit code 0");
  expect((await mine())?.state).toBe("stopped");
  const { visible, inFlight } = await createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl }).attributes();
  expect({ inFlight, visible }).toEqual({ inFlight: 0, visible: 300 - (await dump("stop")).length });
}, 60_000);
