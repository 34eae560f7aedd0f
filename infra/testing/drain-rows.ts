import { afterAll, beforeAll } from "vitest";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainModes } from "#lib/gateways/drain-modes.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { startPostgresOnly } from "./postgres-only.ts";

/** Drain rows in a database of the test file's own. Call it at the top of the file, and the rest within tests. */
export function useDrainRows() {
  let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
  let db: Db;
  let queues = 0;
  beforeAll(async () => {
    postgres = await startPostgresOnly();
    db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 16 });
  });
  afterAll(async () => {
    await db?.$disconnect();
    await postgres?.close();
  });
  return {
    db: (): Db => db,
    /** A drain row of its own at the given rate and version 2. */
    drainAt: async (rateWcuPerSecond: number) => {
      queues += 1;
      const queue = `queue-${queues}.fifo`;
      const drain = createDrainStore({ db, queue });
      const modes = createDrainModes({ db, queue });
      await drain.ensure();
      await drain.change({ rateWcuPerSecond, expectedVersion: 1, actor: "test" });
      const history = () => drain.history({ from: new Date(0), to: new Date(Date.now() + 60_000) });
      return { queue, drain, modes, history, lease: (costWriteUnits = 1) => drain.lease({ costWriteUnits, leadMs: 100 }) };
    },
  };
}
