import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { applyMigrations } from "#infra/migrate/apply.ts";
import { startChild } from "#infra/start/child.ts";
import { until } from "#infra/testing/until.ts";
import { localEnvironment } from "#lib/config/local.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { type LocalPostgres, startPostgres } from "#lib/local/postgres/server.ts";
import { systemClock } from "./clock.ts";
import { createLeaser } from "./lease.ts";

const RATE = 100;
const COST = 2;
/** As a worker's own: see worker/backends.ts and worker/report.ts. */
const READ_EVERY_MS = 500;
const STATEMENT_TIMEOUT_MS = 2_000;

let directory: string;
let postgres: LocalPostgres;
const ended: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spillway-away-"));
  postgres = await startPostgres({ directory, port: 0, durable: false });
  await applyMigrations({ databaseUrl: postgres.databaseUrl });
});
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});
afterAll(async () => {
  await postgres?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Every process of the server: a stopped postmaster alone leaves its backends answering. */
async function processesOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const below = await Promise.all(children.trim().split(" ").filter(Boolean).map((child) => processesOf(Number(child))));
  return [pid, ...below.flat()];
}
async function signalServer(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
  for (const pid of await processesOf(postgres.pid)) process.kill(pid, signal);
}

/** Workers that draw all they can on one row, as the worker does. */
async function createFleet(queue: string, workers: number) {
  const spent: { atMs: number; units: number }[] = [];
  const longestCallMs = { value: 0 };
  const over = new AbortController();
  const running: Promise<void>[] = [];
  const open = (name: string): Db => openDb({ databaseUrl: postgres.databaseUrl, applicationName: name, poolSize: 4, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const setUp = open("set-up");
  const store = createDrainStore({ db: setUp, queue });
  await store.ensure();
  await store.change({ rateWcuPerSecond: RATE, expectedVersion: 1, actor: "test" });
  await setUp.$disconnect();

  function add() {
    const db = open("test-worker");
    const drain = createDrainStore({ db, queue });
    const leaser = createLeaser({ drain, clock: systemClock, emit: () => undefined });
    const read = async () => {
      while (!over.signal.aborted) {
        await drain.read().then((row) => leaser.seen(row), (thrown: unknown) => leaser.unreachable(thrown));
        await sleep(READ_EVERY_MS);
      }
    };
    const draw = async () => {
      while (!over.signal.aborted) {
        const askedMs = performance.now();
        const answer = await leaser.lease(COST);
        longestCallMs.value = Math.max(longestCallMs.value, performance.now() - askedMs);
        if (answer.granted) spent.push({ atMs: answer.startAtMs, units: COST });
        await sleep(answer.granted ? Math.max(0, answer.startAtMs - performance.now()) : Math.min(250, answer.retryInMs));
      }
    };
    running.push(Promise.all([read(), draw()]).then(() => db.$disconnect()));
    return leaser;
  }
  const leasers = Array.from({ length: workers }, () => add());
  ended.push(async () => {
    over.abort();
    await Promise.all(running);
  });
  return {
    leasers,
    add,
    longestCallMs,
    perSecond: (fromMs: number, toMs: number) => (spent.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).reduce((total, { units }) => total + units, 0) * 1000) / (toMs - fromMs),
    /** The highest rate of any two seconds that start in the range. */
    worst(fromMs: number, toMs: number): number {
      let most = 0;
      for (let at = fromMs; at < toMs; at += 100) most = Math.max(most, this.perSecond(at, at + 2_000));
      return most;
    },
  };
}

test("while Postgres hangs the workers go on within their share, and the sum does not rise, then or when it is back", async () => {
  const fleet = await createFleet("hung.fifo", 3);
  await sleep(5_000);
  await signalServer("SIGSTOP");
  const stoppedMs = performance.now();
  try {
    await sleep(6_000);
  } finally {
    await signalServer("SIGCONT");
  }
  const backMs = performance.now();
  await sleep(4_000);
  // Each found out within the time limit of a lease, and went on.
  expect(fleet.perSecond(stoppedMs + 2_500, backMs)).toBeGreaterThan(RATE * 0.2);
  expect(fleet.worst(stoppedMs, backMs + 2_000)).toBeLessThanOrEqual(RATE * 1.1);
  expect(fleet.longestCallMs.value).toBeLessThan(4_000);
  // All draw on the row again in the end.
  const wholeRate = () => fleet.perSecond(performance.now() - 2_000, performance.now()) > RATE * 0.85;
  await until(wholeRate, { deadlineMs: 20_000, what: "the whole rate" });
}, 60_000);

test("without Postgres a running worker goes on at its average, and a new one does not start to drain", async () => {
  const fleet = await createFleet("stopped.fifo", 1);
  await sleep(3_000);
  const { port } = postgres;
  await postgres.close();
  const goneMs = performance.now();
  const late = fleet.add();
  await sleep(3_000);
  expect(fleet.perSecond(goneMs + 500, goneMs + 3_000)).toBeGreaterThan(RATE * 0.1);
  expect(fleet.worst(goneMs, goneMs + 1_000)).toBeLessThanOrEqual(RATE * 1.1);
  expect(late.rate().effectiveWcuPerSecond).toBe(0);
  expect(late.closed()).toBe(true);

  const nowhere = "http://127.0.0.1:9";
  const places = localEnvironment({ databaseUrl: postgres.databaseUrl, sqsUrl: nowhere, dynamodbUrl: nowhere, cloudwatchUrl: nowhere, queueUrl: `${nowhere}/000000000000/activities.fifo`, deadLetterQueueUrl: `${nowhere}/000000000000/activities-dlq.fifo` });
  const events: string[] = [];
  const child = startChild({ args: ["worker/main.ts"], env: { ...places, LOG_LEVEL: "debug" }, onEvent: ({ event }) => events.push(event) });
  try {
    await child.event("waiting_for_backends", { deadlineMs: 30_000 });
    expect(events).not.toContain("ready");
    expect(events).not.toContain("lease_granted");
    expect(events).not.toContain("receive_failed");
  } finally {
    await child.stop();
  }

  postgres = await startPostgres({ directory, port, durable: false });
  await until(() => !late.closed(), { deadlineMs: 20_000, what: "the late one's start" });
}, 90_000);
