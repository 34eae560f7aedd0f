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

/** A role that logs in. */
export interface Login {
  name: string;
  password: string;
}

async function ensureRole(client: pg.Client, name: string): Promise<string> {
  const role = client.escapeIdentifier(name);
  const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
  return role;
}

async function ensureLogin(client: pg.Client, { name, password }: Login): Promise<string> {
  const role = await ensureRole(client, name);
  await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  return role;
}

/**
 * Makes what is missing of the database, its owner, the roles that hold rights, and the login of the running processes,
 * which is a member of `memberOf`; sets the passwords. Neither login is a superuser.
 */
export async function ensureDatabase({
  url,
  database,
  owner,
  roles,
  runtime,
}: {
  url: string;
  database: string;
  owner: Login;
  roles: readonly string[];
  runtime: Login & { memberOf: string };
}): Promise<void> {
  const client = await connect(url);
  try {
    const role = await ensureLogin(client, owner);
    for (const name of roles) await ensureRole(client, name);
    await client.query(`GRANT ${client.escapeIdentifier(runtime.memberOf)} TO ${await ensureLogin(client, runtime)}`);
    const databases = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (databases.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${role}`);
  } finally {
    await client.end();
  }
}
