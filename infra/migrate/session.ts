import pg from "pg";

/** Key of the advisory lock that Prisma's own migrate takes: the two never run at once. */
const LOCK_KEY = 72_707_369;
const LOCK_DEADLINE_MS = 60_000;
const LOCK_POLL_MS = 100;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest run of one statement. */
const STATEMENT_TIMEOUT_MS = 300_000;

async function takeLock(client: pg.Client): Promise<void> {
  const end = performance.now() + LOCK_DEADLINE_MS;
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [LOCK_KEY]);
    if (rows[0]?.locked === true) return;
    if (performance.now() > end) throw new Error(`another migration has been running for ${LOCK_DEADLINE_MS / 1000} s: wait for it to end, then try again`);
    await new Promise((done) => setTimeout(done, LOCK_POLL_MS));
  }
}

/** Does some work on the schema with a connection of its own; of all runners at once, one works. */
export async function withMigrationLock<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "spillway-migrate",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
  });
  // A connection that is cut is reported by the query in hand.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await takeLock(client);
    return await work(client);
  } finally {
    // Ending the session gives the lock back.
    await client.end();
  }
}
