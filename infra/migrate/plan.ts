import type { MigrationFile } from "./files.ts";

/** One row of `_prisma_migrations`. */
export interface AppliedRow {
  name: string;
  checksum: string;
  finished: boolean;
  rolledBack: boolean;
  logs: string | null;
}

/**
 * Decides what is still to be applied.
 * @throws Error in one line when going on could harm: a failed migration stands, an applied one was changed since or
 * is unknown here, or a new one comes before one that is already applied.
 */
export function planMigrations(migrations: readonly MigrationFile[], rows: readonly AppliedRow[]): MigrationFile[] {
  const standing = rows.filter((row) => !row.rolledBack);
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum, finished, logs } of standing) {
    if (!finished) {
      throw new Error(
        `migration ${name} was started and did not finish${logs ? ` (${logs})` : ""}: repair the database, then set rolled_back_at in its row of _prisma_migrations`,
      );
    }
    const migration = known.get(name);
    if (!migration) throw new Error(`the database has migration ${name}, which this version does not know: it belongs to a newer version`);
    if (migration.checksum !== checksum) throw new Error(`migration ${name} was changed after it was applied: restore its file, and put the change in a new migration`);
  }
  const applied = new Set(standing.map(({ name }) => name));
  const pending = migrations.filter(({ name }) => !applied.has(name));
  const newestApplied = [...applied].sort().at(-1);
  const late = pending.find(({ name }) => newestApplied !== undefined && name < newestApplied);
  if (late) throw new Error(`migration ${late.name} is new but comes before ${newestApplied}, which is applied: give it a later name`);
  return pending;
}
