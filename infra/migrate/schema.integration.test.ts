import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { declaredTables } from "#infra/testing/prisma-schema.ts";
import { openDb } from "#lib/gateways/db.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";

/** The SQL migrations and prisma/schema.prisma are written by hand, both: here they are held together. */
let postgres: LocalPostgres;
let client: pg.Client;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  client = new pg.Client({ connectionString: postgres.migrateUrl, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await postgres?.close();
});

const declared = declaredTables(await readFile(join(import.meta.dirname, "..", "..", "prisma", "schema.prisma"), "utf8"));

async function columnsOf(table: string) {
  const { rows } = await client.query<{ name: string; type: string; nullable: boolean; hasDefault: boolean }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable, atthasdef AS "hasDefault"
     FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [`public.${table}`],
  );
  return Object.fromEntries(rows.map(({ name, ...column }) => [name, column]));
}

/** Whole-table indexes; partial ones are beyond what a Prisma schema can say. */
async function indexesOf(table: string) {
  const { rows } = await client.query<{ columns: string[]; primary: boolean; unique: boolean }>(
    `SELECT array(SELECT attname::text FROM unnest(indkey) WITH ORDINALITY AS key (number, position)
                  JOIN pg_attribute ON attrelid = indrelid AND attnum = number ORDER BY position) AS columns,
            indisprimary AS primary, indisunique AS unique
     FROM pg_index WHERE indrelid = to_regclass($1) AND indpred IS NULL AND indexprs IS NULL`,
    [`public.${table}`],
  );
  const sorted = (pick: (row: (typeof rows)[number]) => boolean) => rows.filter(pick).map(({ columns }) => columns.join()).sort();
  return {
    primaryKey: rows.find(({ primary }) => primary)?.columns ?? [],
    uniques: sorted(({ primary, unique }) => unique && !primary),
    indexes: sorted(({ unique }) => !unique),
  };
}

test("each model has its table and each table its model", async () => {
  const { rows } = await client.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'");
  expect(rows.map(({ name }) => name).sort()).toEqual(declared.map(({ table }) => table).sort());
  expect(declared.length).toBeGreaterThan(0);
});

describe.each(declared)("$table", ({ model, table, columns, primaryKey, uniques, indexes }) => {
  test("columns: names, types, nullability, defaults", async () => {
    expect(await columnsOf(table)).toEqual(columns);
  });

  test("keys and indexes", async () => {
    expect(await indexesOf(table)).toEqual({ primaryKey, uniques: uniques.map(String).sort(), indexes: indexes.map(String).sort() });
  });

  test("the Prisma client reads it", async () => {
    const db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "schema-test", poolSize: 1 });
    try {
      const delegate: unknown = Reflect.get(db, model.charAt(0).toLowerCase() + model.slice(1));
      expect(await (delegate as { findFirst(): Promise<unknown> }).findFirst()).toBeNull();
    } finally {
      await db.$disconnect();
    }
  });
});
