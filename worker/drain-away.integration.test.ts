import { afterAll, beforeAll, expect, test } from "vitest";
import { hangPostgres } from "#infra/chaos/postgres-away.ts";
import { startChild } from "#infra/start/child.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { until } from "#infra/testing/until.ts";
import { localEnvironment } from "#lib/config/local.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { systemClock } from "./clock.ts";
import { createLeaser } from "./lease.ts";

/*
 * What only a real PostgreSQL can show: that one which hangs or is gone looks so to a lease in good time. What the rate
 * does meanwhile is in lease.test.ts, on a clock of its own.
 */

const RATE = 100;
/** As a worker's own: see worker/backends.ts. */
const STATEMENT_TIMEOUT_MS = 2_000;

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;
let drain: ReturnType<typeof createDrainStore>;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test-worker", poolSize: 4, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  drain = createDrainStore({ db, queue: "activities.fifo" });
  await drain.ensure();
  await drain.change({ rateWcuPerSecond: RATE, expectedVersion: 1, actor: "test" });
});
afterAll(async () => {
  await db?.$disconnect();
  await postgres?.close();
});

function createWorker() {
  const events: string[] = [];
  const leaser = createLeaser({ drain, clock: systemClock, emit: ({ event }) => events.push(event) });
  /** Reads the row as soon as it can be read. */
  const readAgain = () => until(async () => leaser.seen(await drain.read()) ?? true, { deadlineMs: 30_000, what: "the drain row" });
  return { leaser, events, readAgain };
}

test("a lease that a hung Postgres does not answer is granted within its time limit from the worker's own share; then the row is drawn on again", async () => {
  const { leaser, events, readAgain } = createWorker();
  await readAgain();
  expect(await leaser.lease(RATE)).toMatchObject({ granted: true });
  const goOn = await hangPostgres(postgres.runningPid());
  try {
    const askedMs = performance.now();
    expect(await leaser.lease(1)).toMatchObject({ granted: true });
    expect(performance.now() - askedMs).toBeLessThan(4_000);
  } finally {
    goOn();
  }
  const { effectiveWcuPerSecond } = leaser.rate();
  // One second's worth of the last ten.
  expect(effectiveWcuPerSecond).toBeGreaterThan(0);
  expect(effectiveWcuPerSecond).toBeLessThanOrEqual(RATE / 10);
  await readAgain();
  expect(events.filter((event) => event.startsWith("drain_"))).toEqual(["drain_unreachable", "drain_reachable"]);
});

test("without Postgres a new worker does not start to drain, as a process neither; the row is found again when Postgres is there", async () => {
  await postgres.stop();
  const { leaser, events: steps, readAgain } = createWorker();
  expect(await leaser.lease(1)).toMatchObject({ granted: false });
  expect(leaser.closed()).toBe(true);

  const nowhere = "http://127.0.0.1:9";
  const places = localEnvironment({ databaseUrl: postgres.databaseUrl, sqsUrl: nowhere, dynamodbUrl: nowhere, cloudwatchUrl: nowhere, queueUrl: `${nowhere}/000000000000/activities.fifo`, deadLetterQueueUrl: `${nowhere}/000000000000/activities-dlq.fifo` });
  const events: string[] = [];
  const child = startChild({ args: ["worker/main.ts"], env: { ...places, WORKER_PORT: "0", LOG_LEVEL: "debug" }, onEvent: ({ event }) => events.push(event) });
  try {
    const tries = () => events.filter((event) => event === "waiting_for_backends").length;
    await until(() => tries() >= 2, { deadlineMs: 30_000, what: "the worker's second try" });
    expect(events.filter((event) => ["ready", "lease_granted", "received", "receive_failed"].includes(event))).toEqual([]);
  } finally {
    await child.stop();
  }

  await postgres.startAgain();
  await readAgain();
  expect(steps).toContain("drain_reachable");
  expect(leaser.rate().version).toBe(2);
});
