import { applyMigrations } from "./apply.ts";
import { applyGrants } from "./grants.ts";

/**
 * Brings a database up to the newest migration and gives the runtime roles that are there their rights.
 * @param databaseUrl the role that owns, or will own, the tables.
 * @throws Error in one line.
 */
export async function migrateDatabase({ databaseUrl, log }: { databaseUrl: string; log?: (line: string) => void }): Promise<{ applied: string[]; granted: string[] }> {
  const { applied } = await applyMigrations({ databaseUrl, ...(log && { log }) });
  return { applied, ...(await applyGrants({ databaseUrl })) };
}
