import type { PrismaClient } from "#prisma/client.ts";

/** What a holder may use of a budget from now on, and how many hold parts of it, itself included. */
export interface ReadShare {
  part: number;
  holders: number;
}

interface ReadShareAsked {
  holder: string;
  address: string;
  inUse: number;
  lifeMs: number;
  first: boolean;
  leastPart: number;
  turnMs: number;
}

export type ReadShares = ReturnType<typeof createReadShares>;

/**
 * The parts of one budget of read units, one for each process that spends from it. They never add up to more than one:
 * a part grows in the row before its holder knows of it, and shrinks there only after the holder uses less. Where not all
 * can have a part of use, they have one in turns.
 *
 * @param budget names the budget; each has its own share of the table's read units.
 */
export function createReadShares({ db, queue, budget }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw">; queue: string; budget: string }) {
  return {
    /**
     * Renews a part for `lifeMs`; a holder that is not there yet gets one, as far as others leave some.
     * @param address where the process listens. @param inUse the part that it spends by now.
     * @param first whether a holder at the same address is to be taken for dead.
     * @param leastPart the smallest part of use, 0 = any. @param turnMs how long it is kept while others wait for one.
     * @throws when Postgres is away.
     */
    async renew({ holder, address, inUse, lifeMs, first, leastPart, turnMs }: ReadShareAsked): Promise<ReadShare> {
      const [row] = await db.$queryRaw<{ granted: number; holders: number }[]>`
        SELECT granted, holders FROM read_share_renew(${queue}, ${budget}, ${holder}, ${address}, ${inUse}::float8, ${lifeMs / 1000}::float8, ${first}::boolean, ${leastPart}::float8, ${turnMs / 1000}::float8)`;
      if (row === undefined) throw new Error("no part of the read budget was given back");
      return { part: row.granted, holders: row.holders };
    },

    /** Gives a part back. */
    async release(holder: string): Promise<void> {
      await db.$executeRaw`DELETE FROM read_share WHERE queue = ${queue} AND budget = ${budget} AND holder = ${holder}`;
    },
  };
}
