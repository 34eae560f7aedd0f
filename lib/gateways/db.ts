import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "#prisma/client.ts";

export type Db = PrismaClient;

/**
 * Opens Postgres through Prisma. Every wait is bounded: against a database that hangs, Prisma's defaults wait
 * over 40 seconds.
 *
 * @param statementTimeoutMs longest run of one statement, both on the server and on the client, milliseconds.
 */
export function openDb({
  databaseUrl,
  applicationName,
  poolSize = 5,
  statementTimeoutMs = 5_000,
}: {
  databaseUrl: string;
  applicationName: string;
  poolSize?: number;
  statementTimeoutMs?: number;
}): Db {
  const adapter = new PrismaPg({
    connectionString: databaseUrl,
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: 2_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 2_000, timeout: statementTimeoutMs } });
}
