import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { type AuditLog, createAuditLog } from "#lib/gateways/audit-log.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainStore, type DrainStore } from "#lib/gateways/drain-store.ts";
import { toProblem } from "#lib/http/error-problem.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { audited } from "./audited.ts";

const QUEUE = "q.fifo";
const { actor } = allowScript("drain:write", "test");

let postgres: LocalPostgres;
let owner: pg.Client;
let db: Db;
let drain: DrainStore;
let audit: AuditLog;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  owner = new pg.Client({ connectionString: postgres.migrateUrl, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await owner.connect();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test" });
  drain = createDrainStore({ db, queue: QUEUE });
  audit = createAuditLog({ db, queue: QUEUE });
  await drain.ensure();
});
afterAll(async () => {
  await db?.$disconnect();
  await owner?.end();
  await postgres?.close();
});

const setRate = (rateWcuPerSecond: number, expectedVersion: number) =>
  audited({ ctx: { audit }, actor, action: "drain.rate", target: QUEUE, asked: { rateWcuPerSecond }, outcome: ({ outcome }) => (outcome === "changed" ? "done" : "refused") }, () =>
    drain.change({ rateWcuPerSecond, expectedVersion, actor: actor.name }),
  );
const told = async () => (await audit.acts({}, { limit: 10 })).map(({ asked, outcome }) => [asked, outcome]);

test("a change of the dial leaves its intent and its outcome, a conflict a refusal", async () => {
  const { version } = await drain.read();
  await setRate(150, version);
  await setRate(999, version);
  expect(await told()).toEqual([
    ['{"rateWcuPerSecond":999}', "refused"],
    ['{"rateWcuPerSecond":150}', "done"],
  ]);
});

test("while the log cannot be written the dial stays where it is, and the answer is a 503", async () => {
  const before = await drain.read();
  const logged = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await owner.query("REVOKE INSERT ON audit FROM spillway_runtime");
  try {
    const failure = await setRate(777, before.version).catch((error: unknown) => error);
    const { status, problem } = toProblem(failure, new Request("http://127.0.0.1/api/drain"));
    expect({ status, code: problem.code }).toEqual({ status: 503, code: "audit_unavailable" });
    expect(JSON.stringify(problem)).not.toContain("permission denied");
  } finally {
    await owner.query("GRANT INSERT ON audit TO spillway_runtime");
    logged.mockRestore();
  }
  expect(await drain.read()).toMatchObject({ version: before.version, rateWcuPerSecond: before.rateWcuPerSecond });
  expect(await told()).toHaveLength(2);
});
