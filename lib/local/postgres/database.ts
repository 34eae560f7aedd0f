import pg from "pg";

/**
 * Opens one connection with bounded waits.
 * @throws when the server does not answer in 2 s or refuses.
 */
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "spillway-setup",
    connectionTimeoutMillis: 2_000,
    statement_timeout: 30_000,
    query_timeout: 31_000,
  });
  // A connection that is cut later is reported by the query in hand.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Whether the server takes connections and runs statements. */
export async function answers(url: string): Promise<boolean> {
  try {
    const client = await connect(url);
    try {
      await client.query("SELECT 1");
    } finally {
      await client.end();
    }
    return true;
  } catch {
    return false;
  }
}

/** Makes the database and its owner, who is no superuser, where they are missing; sets the owner's password. */
export async function ensureDatabase({ url, owner, database, password }: { url: string; owner: string; database: string; password: string }): Promise<void> {
  const client = await connect(url);
  try {
    const role = client.escapeIdentifier(owner);
    const roles = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [owner]);
    if (roles.rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN`);
    await client.query(`ALTER ROLE ${role} PASSWORD ${client.escapeLiteral(password)}`);
    const databases = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (databases.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${role}`);
  } finally {
    await client.end();
  }
}
