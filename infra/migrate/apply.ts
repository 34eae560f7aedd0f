import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type MigrationFile, readMigrations } from "./files.ts";
import { type AppliedRow, planMigrations } from "./plan.ts";
import { withMigrationLock } from "./session.ts";

/** Prisma's own table, column for column. */
const CREATE_TABLE = `
CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

async function appliedRows(client: pg.Client): Promise<AppliedRow[]> {
  const { rows } = await client.query<AppliedRow>(
    `SELECT "migration_name" AS "name", "checksum", "finished_at" IS NOT NULL AS "finished", "rolled_back_at" IS NOT NULL AS "rolledBack", "logs"
     FROM "_prisma_migrations" ORDER BY "started_at"`,
  );
  return rows;
}

/** Applies one migration and its row in one transaction: after a failure neither is there. */
async function applyOne(client: pg.Client, { name, checksum, sql }: MigrationFile): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "started_at", "applied_steps_count")
       VALUES ($1, $2, $3, clock_timestamp(), 0)`,
      [randomUUID(), checksum, name],
    );
    await client.query(sql);
    await client.query(
      `UPDATE "_prisma_migrations" SET "finished_at" = clock_timestamp(), "applied_steps_count" = 1 WHERE "migration_name" = $1 AND "finished_at" IS NULL AND "rolled_back_at" IS NULL`,
      [name],
    );
    await client.query("COMMIT");
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw new Error(`migration ${name} failed and was rolled back: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Brings a database up to the newest migration. One runner at a time (advisory lock), each migration in a transaction
 * of its own, recorded in the table that Prisma's `migrate deploy` reads and writes.
 *
 * @param directory where the migrations lie; the repository's own when absent.
 * @param databaseUrl a role that may create tables.
 * @returns names of the migrations applied now, in order; empty when the database was up to date.
 * @throws Error in one line when the database and the directory disagree, or a migration fails.
 */
export async function applyMigrations({
  databaseUrl,
  directory,
  log = () => undefined,
}: {
  databaseUrl: string;
  directory?: string;
  log?: (line: string) => void;
}): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(directory);
  return await withMigrationLock(databaseUrl, async (client) => {
    await client.query(CREATE_TABLE);
    const pending = planMigrations(migrations, await appliedRows(client));
    for (const migration of pending) {
      await applyOne(client, migration);
      log(`applied ${migration.name}`);
    }
    return { applied: pending.map(({ name }) => name) };
  });
}
