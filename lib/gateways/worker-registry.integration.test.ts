import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { type Db, openDb } from "./db.ts";
import { createWorkerRegistry } from "./worker-registry.ts";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1 });
});
afterAll(async () => {
  await db?.$disconnect();
  await postgres?.close();
});

test("a worker reports on, whatever text its last error holds: a message's body can put any there", async () => {
  const registry = createWorkerRegistry({ db, queue: "activities.fifo" });
  const at = new Date("2026-01-31T12:00:00.000Z");
  const report = { id: "host:1", host: "host", pid: 1, version: "1", state: "running", startedAt: at, acknowledged: null } as const;
  await registry.heartbeat({ ...report, lastError: { message: "Unrecognized key: \0 \uD800", at } });
  const [row] = await registry.list({ seenSince: at });
  expect(row?.lastError).toEqual({ message: "Unrecognized key: \uFFFD \uFFFD", at });
});
