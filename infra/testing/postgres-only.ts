import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMigrations } from "#infra/migrate/apply.ts";
import { type LocalPostgres, startPostgres } from "#lib/local/postgres/server.ts";

/**
 * A PostgreSQL of its own on a free port, its data in a temporary folder that close removes. For tests that need no
 * queue.
 * @param migrate false leaves the database empty.
 */
export async function startPostgresOnly({ migrate = true }: { migrate?: boolean } = {}): Promise<LocalPostgres> {
  const directory = await mkdtemp(join(tmpdir(), "spillway-pg-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const postgres = await startPostgres({ directory, port: 0, durable: false });
    const close = async () => {
      await postgres.close();
      await remove();
    };
    if (migrate) {
      await applyMigrations({ databaseUrl: postgres.databaseUrl }).catch(async (error: unknown) => {
        await postgres.close();
        throw error;
      });
    }
    return { ...postgres, close };
  } catch (error) {
    await remove();
    throw error;
  }
}
