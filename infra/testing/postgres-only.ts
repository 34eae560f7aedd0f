import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateDatabase } from "#infra/migrate/migrate.ts";
import { type LocalPostgres, startPostgres } from "#lib/local/postgres/server.ts";

export interface RestartablePostgres extends LocalPostgres {
  /** Process id of the server that runs now. */
  runningPid(): number;
  /** Stops the server; its data and its port stay. */
  stop(): Promise<void>;
  /** Starts it again where it was. */
  startAgain(): Promise<void>;
}

/**
 * A PostgreSQL of its own on a free port, its data in a temporary folder that close removes. For tests that need no
 * queue.
 * @param migrate false leaves the database empty.
 */
export async function startPostgresOnly({ migrate = true }: { migrate?: boolean } = {}): Promise<RestartablePostgres> {
  const directory = await mkdtemp(join(tmpdir(), "spillway-pg-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const postgres = await startPostgres({ directory, port: 0, durable: false });
    let running = postgres;
    const close = async () => {
      await running.close();
      await remove();
    };
    if (migrate) {
      await migrateDatabase({ databaseUrl: postgres.migrateUrl }).catch(async (error: unknown) => {
        await postgres.close();
        throw error;
      });
    }
    return {
      ...postgres,
      runningPid: () => running.pid,
      stop: () => running.close(),
      async startAgain() {
        running = await startPostgres({ directory, port: postgres.port, durable: false });
      },
      close,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
