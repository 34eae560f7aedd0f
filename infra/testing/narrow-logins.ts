import pg from "pg";
import { DATABASE_ROLES, type DatabaseRole } from "#lib/config/database-roles.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";

/** Parts of the product that may have a login of their own. */
export const NARROW_PARTS = ["web", "worker", "publicApi"] as const satisfies readonly DatabaseRole[];
export type NarrowPart = (typeof NARROW_PARTS)[number];

/** A login for each part, member of its narrow role and of nothing else, as docs/database.md has it. @returns their database URLs. */
export async function narrowLogins({ adminUrl, databaseUrl }: Pick<LocalPostgres, "adminUrl" | "databaseUrl">): Promise<Record<NarrowPart, string>> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await admin.connect();
  const login = async (part: NarrowPart): Promise<string> => {
    const name = `test_${part}`.toLowerCase();
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'test' IN ROLE ${DATABASE_ROLES[part]}`);
    const url = new URL(databaseUrl);
    url.username = name;
    url.password = "test";
    return url.href;
  };
  try {
    return { web: await login("web"), worker: await login("worker"), publicApi: await login("publicApi") };
  } finally {
    await admin.end();
  }
}
