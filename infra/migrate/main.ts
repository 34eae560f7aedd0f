import { applyMigrations } from "./apply.ts";

/** `npm run migrate`: brings the database of DATABASE_MIGRATE_URL, or else DATABASE_URL, up to date. */
async function main(): Promise<void> {
  const databaseUrl = process.env.DATABASE_MIGRATE_URL || process.env.DATABASE_URL;
  if (!databaseUrl) {
    console.error("DATABASE_URL is not set (or DATABASE_MIGRATE_URL, for a role that owns the tables), for example postgresql://spillway:secret@db.example.com:5432/spillway");
    process.exitCode = 78;
    return;
  }
  try {
    const { applied } = await applyMigrations({ databaseUrl, log: console.log });
    console.log(applied.length === 0 ? "the database is up to date" : `${applied.length} applied`);
  } catch (error) {
    console.error(`could not migrate: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

await main();
