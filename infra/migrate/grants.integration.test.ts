import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { DATABASE_ROLES } from "#lib/config/database-roles.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { applyGrants, GRANTS } from "./grants.ts";

let postgres: LocalPostgres;
let admin: pg.Client;
let owner: pg.Client;
let runtime: pg.Client;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 20_000 });
  await client.connect();
  return client;
}
beforeAll(async () => {
  postgres = await startPostgresOnly();
  [admin, owner, runtime] = await Promise.all([connect(postgres.adminUrl), connect(postgres.migrateUrl), connect(postgres.databaseUrl)]);
});
afterAll(async () => {
  await Promise.all([admin?.end(), owner?.end(), runtime?.end()]);
  await postgres?.close();
});

const INSERT = `INSERT INTO audit (kind, act_id, queue, actor_id, actor_name, actor_role, action, outcome)
  VALUES ('event', gen_random_uuid(), 'q', 'a', 'A', 'admin', 'x.y', 'done')`;

describe("the runtime role and the audit log", () => {
  test("may add and read", async () => {
    await runtime.query(INSERT);
    const { rows } = await runtime.query<{ seq: string }>("SELECT seq FROM audit");
    expect(rows.length).toBeGreaterThan(0);
    expect((await runtime.query("SELECT seq FROM audit_head")).rowCount).toBe(1);
  });

  test.each([
    ["update", "UPDATE audit SET actor_name = 'x'"],
    ["update one column", "UPDATE audit SET outcome = 'failed' WHERE seq = 1"],
    ["delete", "DELETE FROM audit"],
    ["truncate", "TRUNCATE audit"],
    ["replace by an upsert", `${INSERT} ON CONFLICT (seq) DO UPDATE SET actor_name = 'x'`],
    ["lock its rows", "SELECT * FROM audit FOR UPDATE"],
    ["set its head", "UPDATE audit_head SET seq = 0"],
    ["take its head away", "DELETE FROM audit_head"],
    ["make a head", "INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '')"],
  ])("may not %s", async (_, sql) => {
    await expect(runtime.query(sql)).rejects.toThrow(/permission denied for table audit/);
  });

  test.each([
    ["turn the chain off", "ALTER TABLE audit DISABLE TRIGGER audit_link", /must be owner/],
    ["act as a replica, whose triggers sleep", "SET session_replication_role = replica", /permission denied to set parameter/],
    ["drop it", "DROP TABLE audit", /must be owner/],
    ["write another link function", "CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", /permission denied|must be owner/],
    ["become the owner", "SET ROLE spillway", /permission denied/],
    ["rename it away", "ALTER TABLE audit RENAME TO old", /must be owner/],
  ])("may not %s", async (_, sql, refusal) => {
    await expect(runtime.query(sql)).rejects.toThrow(refusal);
  });

  test("may not give itself rights", async () => {
    await runtime.query("GRANT ALL ON audit TO spillway_runtime").catch(() => undefined);
    await expect(runtime.query("DELETE FROM audit")).rejects.toThrow(/permission denied/);
  });

  test("a temporary table of the head's name is not taken for it", async () => {
    const client = await connect(postgres.databaseUrl);
    try {
      await client.query("CREATE TEMP TABLE audit_head (id int PRIMARY KEY, seq bigint, hash text)");
      await client.query("INSERT INTO pg_temp.audit_head VALUES (1, 900, 'forged')");
      const before = Number((await admin.query<{ seq: string }>("SELECT seq FROM audit_head")).rows[0]?.seq);
      await client.query(INSERT);
      expect(Number((await admin.query<{ seq: string }>("SELECT seq FROM public.audit_head")).rows[0]?.seq)).toBe(before + 1);
    } finally {
      await client.end();
    }
  });
});

/** What a role may do with each table, as the database has it. */
async function rightsOf(role: string): Promise<Record<string, string>> {
  const { rows } = await admin.query<{ name: string; rights: string }>(
    `SELECT tablename AS name, concat(
       CASE WHEN has_table_privilege($1, 'public.' || tablename, 'SELECT') THEN 'S' END, CASE WHEN has_table_privilege($1, 'public.' || tablename, 'INSERT') THEN 'I' END,
       CASE WHEN has_table_privilege($1, 'public.' || tablename, 'UPDATE') THEN 'U' END, CASE WHEN has_table_privilege($1, 'public.' || tablename, 'DELETE') THEN 'D' END,
       CASE WHEN has_table_privilege($1, 'public.' || tablename, 'TRUNCATE, REFERENCES, TRIGGER') THEN '!' END) AS rights
     FROM pg_tables WHERE schemaname = 'public'`,
    [role],
  );
  return Object.fromEntries(rows.map(({ name, rights }) => [name, rights]));
}
const expected = (role: keyof typeof DATABASE_ROLES) => Object.fromEntries(Object.entries(GRANTS).map(([table, rights]) => [table, rights[role]]));

test.each(Object.keys(DATABASE_ROLES) as (keyof typeof DATABASE_ROLES)[])("%s has exactly the rights of the table, which names every table", async (role) => {
  expect(await rightsOf(DATABASE_ROLES[role])).toEqual(expected(role));
});

test("nobody but the owner makes anything in the schema, also where a database of an older PostgreSQL let everybody", async () => {
  await admin.query("GRANT CREATE ON SCHEMA public TO PUBLIC");
  await applyGrants({ databaseUrl: postgres.migrateUrl });
  await expect(runtime.query("CREATE FUNCTION octet_length(text) RETURNS int LANGUAGE sql AS 'SELECT 0'")).rejects.toThrow(/permission denied for schema public/);
});

test("rights that were given by hand are taken back by the next run, and it may run while another does", async () => {
  await owner.query("GRANT UPDATE, DELETE ON audit TO spillway_runtime");
  const runs = await Promise.all([applyGrants({ databaseUrl: postgres.migrateUrl }), applyGrants({ databaseUrl: postgres.migrateUrl })]);
  expect(runs[0]).toEqual({ granted: Object.values(DATABASE_ROLES) });
  expect(await rightsOf(DATABASE_ROLES.runtime)).toEqual(expected("runtime"));
});

test("a server without the roles is left as it is; a role that owns nothing is told so", async () => {
  await admin.query(`DROP OWNED BY ${DATABASE_ROLES.web}`);
  await admin.query(`DROP ROLE ${DATABASE_ROLES.web}`);
  expect((await applyGrants({ databaseUrl: postgres.migrateUrl })).granted).not.toContain(DATABASE_ROLES.web);
  await expect(applyGrants({ databaseUrl: postgres.databaseUrl })).rejects.toThrow(/^could not give the roles their rights: these tables are another role's: .*audit \(of spillway\)/);
});
