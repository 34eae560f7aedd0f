import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startChild } from "#infra/start/child.ts";
import { until } from "#infra/testing/until.ts";
import { type LocalPostgres, startPostgres } from "./server.ts";

let directory = "";
let running: LocalPostgres | null = null;
beforeAll(async () => {
  // mkdtemp's folder is closed to all other users, as a clone may be.
  directory = await mkdtemp(join(tmpdir(), "spillway-pg-"));
});
afterEach(async () => {
  await running?.close();
  running = null;
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function start(): Promise<LocalPostgres> {
  running = await startPostgres({ directory, port: 0 });
  return running;
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a real PostgreSQL 18 that only this machine and only the password reach", async () => {
  const { adminUrl, databaseUrl, migrateUrl, port } = await start();
  const settings = await query<{ name: string; setting: string }>(
    adminUrl,
    `SELECT name, setting FROM pg_settings WHERE name IN ('server_version_num', 'listen_addresses', 'fsync', 'unix_socket_directories', 'server_encoding', 'max_connections')`,
  );
  const by = Object.fromEntries(settings.map(({ name, setting }) => [name, setting]));
  expect(by).toMatchObject({ listen_addresses: "127.0.0.1", fsync: "on", unix_socket_directories: "", server_encoding: "UTF8", max_connections: "100" });
  expect(by.server_version_num).toMatch(/^18/);
  const password = await readFile(join(directory, "password"), "utf8");
  expect((await stat(join(directory, "password"))).mode & 0o077).toBe(0);
  for (const url of [adminUrl, migrateUrl, databaseUrl]) {
    expect(await query(url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await expect(query(url.replace(/:[^:@]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow(/password authentication failed/);
  }
  // Whoever has the password of the running processes has no other one.
  expect(new Set([adminUrl, migrateUrl, databaseUrl].map((url) => new URL(url).password)).size).toBe(3);
  expect(adminUrl).toContain(password);
  expect(databaseUrl).toContain(`@127.0.0.1:${port}/spillway`);
});

test("the database's owner is no superuser and can have pg_trgm", async () => {
  const { migrateUrl } = await start();
  await query(migrateUrl, "CREATE EXTENSION IF NOT EXISTS pg_trgm");
  const [row] = await query<{ super: boolean; alike: number; lower: string }>(
    migrateUrl,
    "SELECT rolsuper AS super, similarity('spill', 'spillway') AS alike, lower('ÄÖ') AS lower FROM pg_roles WHERE rolname = current_user",
  );
  expect(row).toMatchObject({ super: false, lower: "äö" });
  expect(row?.alike).toBeGreaterThan(0.4);
});

test("the role of the running processes owns nothing and can make nothing", async () => {
  const { databaseUrl } = await start();
  expect(await query(databaseUrl, "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user")).toEqual([
    { rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolbypassrls: false },
  ]);
  await expect(query(databaseUrl, "CREATE TABLE mine (n int)")).rejects.toThrow(/permission denied for schema public/);
  await expect(query(databaseUrl, "SET ROLE spillway")).rejects.toThrow(/permission denied to set role/);
});

test("a folder of a version before the roles is taken over", async () => {
  const first = await start();
  const password = await readFile(join(directory, "password"), "utf8");
  await query(first.adminUrl, "DROP OWNED BY spillway_app");
  await query(first.adminUrl, "DROP ROLE spillway_app, spillway_runtime, spillway_web, spillway_worker, spillway_public_api");
  await query(first.adminUrl, `ALTER ROLE spillway PASSWORD '${password}'`);
  await query(first.adminUrl.replace("postgres:", "spillway:"), "CREATE TABLE earlier (n int)");
  await first.close();
  const second = await start();
  expect(await query(second.migrateUrl, "SELECT count(*)::int AS n FROM earlier")).toEqual([{ n: 0 }]);
  expect(await query(second.databaseUrl, "SELECT pg_has_role('spillway_runtime', 'member') AS member")).toEqual([{ member: true }]);
  await expect(query(second.databaseUrl, "SELECT * FROM earlier")).rejects.toThrow(/permission denied for table earlier/);
});

test("a second start finds the data of the first, and close leaves no process", async () => {
  const first = await start();
  await query(first.migrateUrl, "CREATE TABLE kept (n int)");
  await query(first.migrateUrl, "INSERT INTO kept VALUES (7)");
  await first.close();
  await first.close();
  await first.exited;
  expect(isAlive(first.pid)).toBe(false);
  const second = await start();
  expect(await query(second.migrateUrl, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
});

test("after kill -9 nothing that was committed is gone", async () => {
  const first = await start();
  await query(first.migrateUrl, "CREATE TABLE survived (n int)");
  await query(first.migrateUrl, "INSERT INTO survived SELECT generate_series(1, 100)");
  process.kill(first.pid, "SIGKILL");
  await first.exited;
  const second = await start();
  expect(await query(second.migrateUrl, "SELECT count(*)::int AS n FROM survived")).toEqual([{ n: 100 }]);
});

test("a lock file whose process id belongs to something else does not stop it", async () => {
  await (await start()).close();
  await writeFile(join(directory, "data", "postmaster.pid"), `${process.pid}\n${join(directory, "data")}\n1\n1\n\n127.0.0.1\n`);
  const { databaseUrl } = await start();
  expect(await query(databaseUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("it ends with its parent, also when that is killed outright, and the next start works", async () => {
  const entry = join(directory, "parent.mjs");
  await writeFile(
    entry,
    `import { startPostgres } from ${JSON.stringify(new URL("server.ts", import.meta.url).href)};
     const { pid } = await startPostgres({ directory: ${JSON.stringify(directory)}, port: 0 });
     console.log(JSON.stringify({ event: "ready", pid }));`,
  );
  const parent = startChild({ args: [entry], env: {} });
  const { pid } = await parent.event("ready", { deadlineMs: 30_000 });
  process.kill(parent.pid, "SIGKILL");
  await until(() => !isAlive(Number(pid)), { deadlineMs: 15_000, what: "PostgreSQL's end" });
  await start();
});

test("a port that is taken is a clear error", async () => {
  const { port } = await start();
  const other = await mkdtemp(join(tmpdir(), "spillway-pg-"));
  try {
    await expect(startPostgres({ directory: other, port })).rejects.toThrow(/PostgreSQL does not start: .*Address already in use/);
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});
