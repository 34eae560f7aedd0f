import type pg from "pg";
import { DATABASE_ROLES, type DatabaseRole } from "#lib/config/database-roles.ts";
import { withMigrationLock } from "./session.ts";

const PRIVILEGES = { S: "SELECT", I: "INSERT", U: "UPDATE", D: "DELETE" } as const;
/** S, I, U and D of what a role may do with a table, in this order. */
type Rights = "" | "S" | "SI" | "SU" | "SIU" | "SD" | "SUD" | "SIUD";

/**
 * What each role may do with each table. `runtime` has all that a table allows; the narrow roles have what their own
 * process does with it.
 */
export const GRANTS: Readonly<Record<string, Readonly<Record<DatabaseRole, Rights>>>> = {
  // Rows of the audit log are only ever added.
  audit: { runtime: "SI", web: "SI", worker: "", publicApi: "" },
  audit_head: { runtime: "S", web: "S", worker: "", publicApi: "" },
  drain: { runtime: "SIUD", web: "SIU", worker: "SIU", publicApi: "" },
  drain_change: { runtime: "SIUD", web: "SI", worker: "SI", publicApi: "" },
  worker: { runtime: "SIUD", web: "S", worker: "SIUD", publicApi: "" },
  worker_sample: { runtime: "SIUD", web: "S", worker: "SIUD", publicApi: "" },
  ingest_sample: { runtime: "SIUD", web: "S", worker: "SD", publicApi: "SIU" },
  user_progress: { runtime: "SIUD", web: "S", worker: "SIUD", publicApi: "SIU" },
  progress_writer: { runtime: "SIUD", web: "S", worker: "SIUD", publicApi: "SIU" },
  leader_lease: { runtime: "SIUD", web: "", worker: "SIUD", publicApi: "" },
  failing_message: { runtime: "SIUD", web: "S", worker: "SIUD", publicApi: "" },
  // The web locks the deaths that it freezes into a run, which takes UPDATE.
  death: { runtime: "SIUD", web: "SU", worker: "SIU", publicApi: "" },
  redrive_run: { runtime: "SIUD", web: "SI", worker: "SU", publicApi: "" },
  redrive_item: { runtime: "SIUD", web: "SI", worker: "SU", publicApi: "" },
  person: { runtime: "SIUD", web: "SIUD", worker: "", publicApi: "" },
  person_session: { runtime: "SIUD", web: "SIUD", worker: "", publicApi: "" },
  sign_in_account: { runtime: "SIUD", web: "SIUD", worker: "", publicApi: "" },
  sign_in_verification: { runtime: "SIUD", web: "SIUD", worker: "", publicApi: "" },
  person_link: { runtime: "SIUD", web: "SIUD", worker: "", publicApi: "" },
  sign_in_limit: { runtime: "SIUD", web: "SIUD", worker: "", publicApi: "" },
  api_key: { runtime: "SIUD", web: "SIU", worker: "", publicApi: "S" },
  read_share: { runtime: "SIUD", web: "", worker: "", publicApi: "SIUD" },
  _prisma_migrations: { runtime: "S", web: "S", worker: "S", publicApi: "S" },
};
/** Columns that a role may update of a table whose others it may not. The public API notes when a key was last used. */
export const COLUMN_UPDATES: readonly { role: DatabaseRole; table: string; column: string }[] = [{ role: "publicApi", table: "api_key", column: "last_used_at" }];
/** A table without a row above is not for the narrow roles; a test asks for its row. */
const UNKNOWN: Readonly<Record<DatabaseRole, Rights>> = { runtime: "SIUD", web: "", worker: "", publicApi: "" };

async function names(client: pg.Client, sql: string, values: unknown[] = []): Promise<string[]> {
  return (await client.query<{ name: string }>(sql, values)).rows.map(({ name }) => name);
}

/**
 * Gives the roles of lib/config/database-roles.ts exactly the rights of the table above, in one transaction. Roles that
 * are not there are left out: they are made by whoever administers the server. May be run at any time, and again.
 *
 * @param databaseUrl the role that owns the tables.
 * @returns the names of the roles that have their rights now.
 * @throws Error in one line when the role of `databaseUrl` may not give them.
 */
export async function applyGrants({ databaseUrl }: { databaseUrl: string }): Promise<{ granted: string[] }> {
  return await withMigrationLock(databaseUrl, async (client) => {
    const here = await names(client, "SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)", [Object.values(DATABASE_ROLES)]);
    const roles = (Object.keys(DATABASE_ROLES) as DatabaseRole[]).filter((role) => here.includes(DATABASE_ROLES[role]));
    const tables = await names(client, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
    // Of rights that are not one's own to give PostgreSQL only warns.
    const foreign = await names(client, "SELECT format('%s (of %s)', tablename, tableowner) AS name FROM pg_tables WHERE schemaname = 'public' AND NOT pg_has_role(tableowner, 'USAGE') ORDER BY 1");
    if (roles.length > 0 && foreign.length > 0) throw new Error(`could not give the roles their rights: these tables are another role's: ${foreign.join(", ")}`);
    await client.query("BEGIN");
    try {
      // PostgreSQL before 15 let everybody make things here, which what runs as the owner could then meet.
      await client.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
      for (const role of roles) {
        const name = client.escapeIdentifier(DATABASE_ROLES[role]);
        await client.query(`GRANT USAGE ON SCHEMA public TO ${name}`);
        await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${name}`);
        for (const table of tables) {
          const rights = Array.from((GRANTS[table] ?? UNKNOWN)[role], (letter) => PRIVILEGES[letter as keyof typeof PRIVILEGES]);
          if (rights.length > 0) await client.query(`GRANT ${rights.join(", ")} ON ${client.escapeIdentifier(table)} TO ${name}`);
        }
        for (const { table, column } of COLUMN_UPDATES.filter((update) => update.role === role && tables.includes(update.table))) {
          await client.query(`GRANT UPDATE (${client.escapeIdentifier(column)}) ON ${client.escapeIdentifier(table)} TO ${name}`);
        }
      }
      await client.query("COMMIT");
    } catch (cause) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw new Error(`could not give the roles their rights: ${(cause as Error).message}`, { cause });
    }
    return { granted: roles.map((role) => DATABASE_ROLES[role]) };
  });
}
