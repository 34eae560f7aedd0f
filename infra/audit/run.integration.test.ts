import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { runVerify } from "./run.ts";

let postgres: LocalPostgres;
let admin: pg.Client;
let db: Db;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  admin = new pg.Client({ connectionString: postgres.adminUrl, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await admin.connect();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1 });
});
afterAll(async () => {
  await db?.$disconnect();
  await admin?.end();
  await postgres?.close();
});
beforeEach(async () => {
  await admin.query("TRUNCATE audit, audit_head");
  const audit = createAuditLog({ db, queue: "q.fifo" });
  for (let number = 1; number <= 3; number += 1) {
    await audit.event({ actId: crypto.randomUUID(), actor: { id: "ada", name: "Ada", email: null, role: "admin" }, action: "drain.rate", target: String(number) }, { outcome: "done" });
  }
});

async function run(args: string[] = [], databaseUrl = postgres.databaseUrl): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runVerify({ args, env: { DATABASE_URL: databaseUrl }, print: (line) => out.push(line), fail: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}
const hashOf = async (seq: number) => (await admin.query<{ hash: string }>("SELECT hash FROM audit WHERE seq = $1", [seq])).rows[0]?.hash ?? "";

test("a whole log ends with 0 and its end, in words and as JSON", async () => {
  const end = await hashOf(3);
  expect(await run()).toEqual({ code: 0, out: `The audit log is whole: 3 rows. Its end: 3:${end}`, err: "" });
  const { code, out } = await run(["--json", "--expect", `2:${await hashOf(2)}`]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ whole: true, position: { seq: 3, hash: end }, rows: 3, done: true, fault: null, protected: true, expected: "as it was" });
});

test("a row that was changed is named", async () => {
  await admin.query("UPDATE audit SET actor_name = 'Eve' WHERE seq = 2");
  expect(await run()).toMatchObject({ code: 1, out: expect.stringContaining("broken at row 2 (changed)") });
  const { code, out } = await run(["--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ whole: false, fault: { seq: 2, what: "changed" } });
});

test("a log that was rewritten whole does not fit what was kept of it", async () => {
  const kept = await hashOf(2);
  await admin.query("CREATE TEMP TABLE kept AS SELECT * FROM audit");
  await admin.query("TRUNCATE audit, audit_head");
  await admin.query(`INSERT INTO audit (kind, act_id, queue, actor_id, actor_name, actor_role, action, target, outcome)
    SELECT kind, act_id, queue, actor_id, 'Eve', actor_role, action, target, outcome FROM kept ORDER BY seq`);
  expect((await run()).code).toBe(0);
  expect(await run(["--expect", `2:${kept}`])).toMatchObject({ code: 1, out: expect.stringContaining("Row 2 is not what it was") });
});

test("a login that owns the log is told so", async () => {
  expect(await run([], postgres.migrateUrl)).toMatchObject({ code: 0, out: expect.stringContaining("This login may change the log") });
});

test("what cannot be read is not called broken", async () => {
  const { code, err } = await run([], "postgresql://nobody:hunter2@127.0.0.1:1/none");
  expect(code).toBe(3);
  expect(err).toMatch(/^The audit log could not be read/);
  expect(err).not.toContain("hunter2");
  expect((await run(["--what"])).code).toBe(64);
});
