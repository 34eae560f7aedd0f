import { argumentFault } from "#infra/start/arguments.ts";
import { EXIT_CONFIG, EXIT_USAGE } from "#infra/start/errors.ts";
import { DATABASE_ROLES } from "#lib/config/database-roles.ts";
import { migrateDatabase } from "./migrate.ts";

const EXAMPLE = "postgresql://spillway:secret@db.example.com:5432/spillway";

function fail(message: string, exitCode: number): void {
  console.error(message);
  process.exitCode = exitCode;
}

/** `npm run migrate`: brings the database of DATABASE_MIGRATE_URL, or else DATABASE_URL, up to date, its roles too. */
async function main(): Promise<void> {
  const wrong = argumentFault("npm run migrate", process.argv.slice(2));
  if (wrong !== null) return fail(wrong, EXIT_USAGE);
  const name = process.env.DATABASE_MIGRATE_URL ? "DATABASE_MIGRATE_URL" : "DATABASE_URL";
  const databaseUrl = process.env[name];
  if (!databaseUrl) return fail(`DATABASE_URL is not set (or DATABASE_MIGRATE_URL, for a role that owns the tables), for example ${EXAMPLE}`, EXIT_CONFIG);
  // Not told back: it holds a password.
  if (!/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) return fail(`${name} is wrong: it must be an address such as ${EXAMPLE}`, EXIT_CONFIG);
  try {
    const { applied, granted } = await migrateDatabase({ databaseUrl, log: console.log });
    console.log(applied.length === 0 ? "the database is up to date" : `${applied.length} applied`);
    console.log(granted.length === 0 ? `no role ${DATABASE_ROLES.runtime}: everything runs as the owner of the tables (docs/database.md)` : `rights given to ${granted.join(", ")}`);
  } catch (error) {
    fail(`could not migrate the database of ${name}: ${(error as Error).message}`, 1);
  }
}

await main();
