import { Prisma, type PrismaClient } from "#prisma/client.ts";

export interface IngestCounts {
  accepted: number;
  refused: number;
  /** Sent to SQS without an answer, or not sent at all. */
  unknown: number;
}

/** What one public API process answered in one second of its clock. */
export interface IngestSample extends IngestCounts {
  processId: string;
  second: Date;
}

export type IngestSamples = ReturnType<typeof createIngestSamples>;

/** Arrivals by the second, as the public API counts them. */
export function createIngestSamples({ db, queue }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw" | "ingestSample">; queue: string }) {
  return {
    /** Writes whole seconds; the same second again replaces, so a retry counts nothing twice. */
    async add(samples: readonly IngestSample[]): Promise<void> {
      if (samples.length === 0) return;
      const rows = samples.map(
        (one) => Prisma.sql`(${one.processId}, ${one.second}::timestamptz, ${queue}, ${one.accepted}::int, ${one.refused}::int, ${one.unknown}::int)`,
      );
      await db.$executeRaw`
        INSERT INTO ingest_sample (process_id, second, queue, accepted, refused, unknown)
        VALUES ${Prisma.join(rows)}
        ON CONFLICT (process_id, second) DO UPDATE SET
          accepted = excluded.accepted, refused = excluded.refused, unknown = excluded.unknown`;
    },

    /**
     * Summed over the processes, from `from` (inclusive) to `to` (exclusive), oldest first. A process reports quiet
     * seconds as zeros: a second without a row was not reported (yet).
     */
    async perSecond({ from, to }: { from: Date; to: Date }): Promise<(IngestCounts & { second: Date; processes: number })[]> {
      return db.$queryRaw`
        SELECT second, count(*)::int AS processes, sum(accepted)::float8 AS accepted, sum(refused)::float8 AS refused, sum(unknown)::float8 AS unknown
        FROM ingest_sample WHERE queue = ${queue} AND second >= ${from} AND second < ${to}
        GROUP BY second ORDER BY second`;
    },

    /** Removes samples older than `before`. @returns how many. */
    async prune({ before }: { before: Date }): Promise<number> {
      return (await db.ingestSample.deleteMany({ where: { queue, second: { lt: before } } })).count;
    },
  };
}
