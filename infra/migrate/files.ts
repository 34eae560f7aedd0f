import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface MigrationFile {
  name: string;
  sql: string;
  /** SHA-256 of the file's bytes, in hex: what Prisma writes too. */
  checksum: string;
}

export const MIGRATIONS_DIRECTORY = join(import.meta.dirname, "..", "..", "prisma", "migrations");

/**
 * Reads all migrations, in the order of their names.
 * @throws Error when there is none, or a folder lacks its migration.sql.
 */
export async function readMigrations(directory = MIGRATIONS_DIRECTORY): Promise<MigrationFile[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  if (names.length === 0) throw new Error(`no migrations in ${directory}`);
  const migrations: MigrationFile[] = [];
  for (const name of names) {
    const bytes = await readFile(join(directory, name, "migration.sql")).catch((cause: unknown) => {
      throw new Error(`migration ${name} has no migration.sql`, { cause });
    });
    migrations.push({ name, sql: bytes.toString("utf8"), checksum: createHash("sha256").update(bytes).digest("hex") });
  }
  return migrations;
}
