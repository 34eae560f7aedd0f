import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NARROW_PARTS, type NarrowPart, narrowLogins } from "#infra/testing/narrow-logins.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { COLUMN_UPDATES, GRANTS } from "./grants.ts";

/** What the database says to each statement of each part's own login, table by table: what its row names, and nothing else. */
const DENIED = "42501";

let postgres: LocalPostgres;
let clients: Record<NarrowPart, pg.Client>;
/** Every column of every table. */
let columns: { table: string; column: string }[];

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, query_timeout: 20_000 });
  await client.connect();
  return client;
}
beforeAll(async () => {
  postgres = await startPostgresOnly();
  const urls = await narrowLogins(postgres);
  const [web, worker, publicApi, admin] = await Promise.all([connect(urls.web), connect(urls.worker), connect(urls.publicApi), connect(postgres.adminUrl)]);
  clients = { web, worker, publicApi };
  const { rows } = await admin.query<{ table: string; column: string }>(
    `SELECT relname AS table, attname AS column FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a' ORDER BY 1, 2`,
  );
  columns = rows;
  await admin.end();
});
afterAll(async () => {
  await Promise.all(Object.values(clients ?? {}).map((client) => client.end()));
  await postgres?.close();
});

/** Tries a statement and takes it back. @returns whether the role may; what else is wrong with it comes after the rights. */
async function may(client: pg.Client, sql: string): Promise<boolean> {
  await client.query("BEGIN");
  const code = await client.query(sql).then(
    () => null,
    (error: { code?: string }) => error.code ?? "none",
  );
  await client.query("ROLLBACK");
  return code !== DENIED;
}

test.each(NARROW_PARTS)("%s selects, inserts, updates and deletes where its row says so, and nowhere else", async (part) => {
  const client = clients[part];
  const found: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const [table, rights] of Object.entries(GRANTS)) {
    const column = columns.find((one) => one.table === table)?.column ?? "";
    const updatable = COLUMN_UPDATES.some((update) => update.role === part && update.table === table && update.column === column);
    const statements = { S: `SELECT 1 FROM "${table}"`, I: `INSERT INTO "${table}" DEFAULT VALUES`, U: `UPDATE "${table}" SET "${column}" = DEFAULT`, D: `DELETE FROM "${table}"` };
    let letters = "";
    for (const [letter, sql] of Object.entries(statements)) if (await may(client, sql)) letters += letter;
    found[table] = letters;
    expected[table] = updatable && !rights[part].includes("U") ? `${rights[part]}U` : rights[part];
  }
  expect(Object.keys(found).toSorted()).toEqual([...new Set(columns.map(({ table }) => table))].toSorted());
  expect(found).toEqual(expected);
});

test.each(NARROW_PARTS)("%s changes no single column beyond its row", async (part) => {
  const changed: string[] = [];
  for (const { table, column } of columns) if (await may(clients[part], `UPDATE "${table}" SET "${column}" = DEFAULT`)) changed.push(`${table}.${column}`);
  const own = columns.filter(({ table, column }) => GRANTS[table]?.[part].includes("U") || COLUMN_UPDATES.some((update) => update.role === part && update.table === table && update.column === column));
  expect(changed).toEqual(own.map(({ table, column }) => `${table}.${column}`));
});

test.each(NARROW_PARTS)("%s empties, makes, changes and drops no table, and becomes nobody else", async (part) => {
  const refused = [
    ...Object.keys(GRANTS).flatMap((table) => [`TRUNCATE "${table}"`, `DROP TABLE "${table}"`, `ALTER TABLE "${table}" ADD COLUMN x int`]),
    "CREATE TABLE public.x (a int)",
    "CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE x",
    "SET ROLE spillway",
    "SET ROLE spillway_runtime",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY api_key TO PROGRAM 'cat'",
    "SET session_replication_role = replica",
  ];
  for (const sql of refused) expect(await may(clients[part], sql), `${part}: ${sql}`).toBe(false);
});
