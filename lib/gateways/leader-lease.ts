import type { PrismaClient } from "#prisma/client.ts";

export type LeaderLease = ReturnType<typeof createLeaderLease>;

/** The row lease of a duty: at most one holder at a time by the database's own clock, so no host's clock matters. */
export function createLeaderLease({ db, queue }: { db: PrismaClient; queue: string }) {
  return {
    /**
     * Takes the duty when nobody holds it, or renews what `holder` has; one statement.
     * @param leaseMs how long it is held without a renewal, milliseconds.
     * @returns "held", or "taken" when another holder's lease still runs.
     * @throws when Postgres cannot be reached: the caller then knows nothing and must not go on past its lease.
     */
    async acquire({ duty, holder, leaseMs }: { duty: string; holder: string; leaseMs: number }): Promise<"held" | "taken"> {
      const rows = await db.$queryRaw<unknown[]>`
        INSERT INTO leader_lease AS l (queue, duty, holder, until)
        VALUES (${queue}, ${duty}, ${holder}, clock_timestamp() + ${leaseMs} * interval '1 millisecond')
        ON CONFLICT (queue, duty) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE l.holder = excluded.holder OR l.until <= clock_timestamp()
        RETURNING 1 AS held`;
      return rows.length > 0 ? "held" : "taken";
    },

    /** Gives the duty up at once, if `holder` still has it. */
    async release({ duty, holder }: { duty: string; holder: string }): Promise<void> {
      await db.$executeRaw`DELETE FROM leader_lease WHERE queue = ${queue} AND duty = ${duty} AND holder = ${holder}`;
    },
  };
}
