import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { applyMigrations } from "./apply.ts";
import { MIGRATIONS_DIRECTORY, readMigrations } from "./files.ts";
import { EARLIER_DATA } from "./earlier-data.ts";

let postgres: LocalPostgres;
let admin: pg.Client;
let databases = 0;
let databaseUrl = "";
let client: pg.Client;
let directory = "";

async function connect(url: string): Promise<pg.Client> {
  const opened = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 20_000 });
  await opened.connect();
  return opened;
}

beforeAll(async () => {
  postgres = await startPostgresOnly({ migrate: false });
  admin = await connect(postgres.adminUrl);
});
afterAll(async () => {
  await admin?.end();
  await postgres?.close();
});
beforeEach(async () => {
  databases += 1;
  await admin.query(`CREATE DATABASE test_${databases} OWNER spillway`);
  databaseUrl = postgres.migrateUrl.replace(/[^/]+$/, `test_${databases}`);
  client = await connect(databaseUrl);
  directory = await mkdtemp(join(tmpdir(), "spillway-migrations-"));
});
afterEach(async () => {
  await client.end();
  await rm(directory, { recursive: true, force: true });
});

const MIGRATIONS = (await readMigrations()).map(({ name }) => name);

async function put(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, "migration.sql"), sql);
}

async function allRows(tables: readonly { table: string }[]) {
  const found = [];
  for (const { table } of tables) found.push(await rows(table));
  return found;
}

async function rows(table: string): Promise<Record<string, unknown>[]> {
  return (await client.query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY 1, 2`)).rows;
}

/** A directory that knows only the migrations up to and with this one. */
async function upTo(name: string): Promise<void> {
  for (const one of MIGRATIONS.filter((candidate) => candidate <= name)) await cp(join(MIGRATIONS_DIRECTORY, one), join(directory, one), { recursive: true });
}

test("an empty database gets them all, recorded as Prisma records them; a second run does nothing", async () => {
  const lines: string[] = [];
  expect(await applyMigrations({ databaseUrl, log: (line) => lines.push(line) })).toEqual({ applied: MIGRATIONS });
  expect(lines).toEqual(MIGRATIONS.map((name) => `applied ${name}`));
  const recorded = await rows("_prisma_migrations");
  expect(recorded).toHaveLength(MIGRATIONS.length);
  for (const row of recorded) {
    expect(Object.keys(row).sort()).toEqual(["applied_steps_count", "checksum", "finished_at", "id", "logs", "migration_name", "rolled_back_at", "started_at"]);
    expect(row).toMatchObject({ applied_steps_count: 1, logs: null, rolled_back_at: null });
    expect(row.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(row.finished_at).toBeInstanceOf(Date);
  }
  expect(await applyMigrations({ databaseUrl })).toEqual({ applied: [] });
  expect(await rows("_prisma_migrations")).toEqual(recorded);
});

describe("a database of an earlier version, with data in it", () => {
  test.each(MIGRATIONS.slice(0, -1))("at %s", async (version) => {
    await upTo(version);
    await applyMigrations({ databaseUrl, directory });
    const known = EARLIER_DATA.filter(({ since }) => since <= version);
    for (const { sql } of known) await client.query(sql);
    const before = await allRows(known);
    const later = MIGRATIONS.filter((name) => name > version);
    expect(await applyMigrations({ databaseUrl })).toEqual({ applied: later });
    const after = await allRows(known);
    for (const [index, table] of known.entries()) {
      expect(before[index]?.length, `${table.table} was seeded`).toBeGreaterThan(0);
      // Every row is still there with all it had; new columns may have come.
      expect(after[index]).toMatchObject(before[index] ?? []);
      expect(after[index]).toHaveLength(before[index]?.length ?? -1);
    }
  });

  test("the data covers every table of the version before the newest", async () => {
    await upTo(MIGRATIONS.at(-2) ?? "");
    await applyMigrations({ databaseUrl, directory });
    const { rows: tables } = await client.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'");
    const seeded = EARLIER_DATA.filter(({ since }) => since <= (MIGRATIONS.at(-2) ?? "")).map(({ table }) => table);
    expect(tables.map(({ name }) => name).sort()).toEqual(seeded.sort());
  });
});

test("of runners at the same time each migration is applied by one", async () => {
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => applyMigrations({ databaseUrl })));
  expect(outcomes.flatMap(({ applied }) => applied)).toEqual(MIGRATIONS);
  expect(await rows("_prisma_migrations")).toHaveLength(MIGRATIONS.length);
});

test("a migration that fails leaves nothing behind, names itself, and can be corrected and run again", async () => {
  await put("1_good", "CREATE TABLE good (n int);");
  await put("2_bad", "CREATE TABLE half (n int); INSERT INTO no_such_table VALUES (1);");
  await expect(applyMigrations({ databaseUrl, directory })).rejects.toThrow(/migration 2_bad failed and was rolled back: .*no_such_table/);
  const { rows: tables } = await client.query<{ half: string | null; good: string | null }>("SELECT to_regclass('half') AS half, to_regclass('good') AS good");
  expect(tables).toEqual([{ half: null, good: "good" }]);
  await put("2_bad", "CREATE TABLE half (n int);");
  expect(await applyMigrations({ databaseUrl, directory })).toEqual({ applied: ["2_bad"] });
});

test("a migration that was changed after it was applied is refused, and nothing else is done", async () => {
  await put("1_a", "CREATE TABLE a (n int);");
  await applyMigrations({ databaseUrl, directory });
  await put("1_a", "CREATE TABLE a (n bigint);");
  await put("2_b", "CREATE TABLE b (n int);");
  await expect(applyMigrations({ databaseUrl, directory })).rejects.toThrow("1_a was changed after it was applied");
  expect(await rows("_prisma_migrations")).toHaveLength(1);
});

test("a database of a newer version is refused", async () => {
  await applyMigrations({ databaseUrl });
  await put("0_only", "SELECT 1;");
  await expect(applyMigrations({ databaseUrl, directory })).rejects.toThrow(/does not know: it belongs to a newer version/);
});

test("the checksum is the one that Prisma computes: SHA-256 of the file's bytes", async () => {
  await put("1_a", "SELECT 1;\n");
  await applyMigrations({ databaseUrl, directory });
  const [row] = await rows("_prisma_migrations");
  const bytes = await readFile(join(directory, "1_a", "migration.sql"));
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  expect(row?.checksum).toBe(digest);
});
