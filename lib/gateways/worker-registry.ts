import { ledgerError } from "#lib/domain/ledger-text.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** A worker not seen for this long counts as gone when the rate is shared out. */
const LIVE_WITHIN_SECONDS = 5;

export type WorkerState = "starting" | "running" | "stopping" | "stopped";

/** What a worker reports of itself. */
export interface WorkerReport {
  id: string;
  host: string;
  pid: number;
  version: string;
  state: WorkerState;
  startedAt: Date;
  /** The rate this worker obeys, and the version of the drain row it comes from. */
  acknowledged: { rateWcuPerSecond: number; version: number; at: Date } | null;
  lastError: { message: string; at: Date } | null;
}

export interface RegisteredWorker extends WorkerReport {
  /** By the database's clock. */
  lastSeenAt: Date;
}

export interface SampleCounts {
  received: number;
  stored: number;
  failed: number;
  dead: number;
  throttles: number;
  writeUnits: number;
}

/** What one worker did in one second of its clock. */
export interface WorkerSample extends SampleCounts {
  workerId: string;
  second: Date;
  /** When the oldest message received in this second was sent. */
  oldestSentAt: Date | null;
}

export interface WorkerSamples {
  /** Summed over the workers, oldest first; a second in which nobody reported is missing, not zero. */
  perSecond: (SampleCounts & { second: Date; workers: number; oldestSentAt: Date | null })[];
  /** Summed over the range. */
  perWorker: (SampleCounts & { workerId: string; seconds: number })[];
}

export type WorkerRegistry = ReturnType<typeof createWorkerRegistry>;

const SUMS = Prisma.sql`sum(received)::float8 AS received, sum(stored)::float8 AS stored, sum(failed)::float8 AS failed,
  sum(dead)::float8 AS dead, sum(throttles)::float8 AS throttles, sum(write_units) AS "writeUnits"`;

/** Who drains the queue and what each did, by the second. */
export function createWorkerRegistry({ db, queue }: { db: PrismaClient; queue: string }) {
  return {
    /** Writes the worker's row, its last error in a form that Postgres takes. @returns how many workers are live, this one included. */
    async heartbeat(report: WorkerReport): Promise<{ liveWorkers: number }> {
      const { id, acknowledged, lastError } = report;
      const [row] = await db.$queryRaw<{ others: number }[]>`
        WITH mine AS (
          INSERT INTO worker (id, queue, host, pid, version, state, started_at, last_seen_at,
            acked_rate_wcu_per_second, acked_version, acked_at, last_error, last_error_at)
          VALUES (${id}, ${queue}, ${report.host}, ${report.pid}, ${report.version}, ${report.state}, ${report.startedAt}, clock_timestamp(),
            ${acknowledged?.rateWcuPerSecond ?? null}::float8, ${acknowledged?.version ?? null}::int, ${acknowledged?.at ?? null}::timestamptz,
            ${lastError === null ? null : ledgerError(lastError.message)}, ${lastError?.at ?? null}::timestamptz)
          ON CONFLICT (id) DO UPDATE SET state = excluded.state, last_seen_at = excluded.last_seen_at,
            acked_rate_wcu_per_second = excluded.acked_rate_wcu_per_second, acked_version = excluded.acked_version,
            acked_at = excluded.acked_at, last_error = excluded.last_error, last_error_at = excluded.last_error_at
        )
        SELECT count(*)::int AS others FROM worker
        WHERE queue = ${queue} AND id <> ${id} AND state IN ('starting', 'running')
          AND last_seen_at >= clock_timestamp() - make_interval(secs => ${LIVE_WITHIN_SECONDS}::float8)`;
      return { liveWorkers: (row?.others ?? 0) + 1 };
    },

    /** Writes whole seconds; the same second again replaces, so a retry counts nothing twice. */
    async addSamples(samples: readonly WorkerSample[]): Promise<void> {
      if (samples.length === 0) return;
      const rows = samples.map(
        (one) => Prisma.sql`(${one.workerId}, ${one.second}::timestamptz, ${queue}, ${one.received}::int, ${one.stored}::int, ${one.failed}::int,
          ${one.dead}::int, ${one.throttles}::int, ${one.writeUnits}::float8, ${one.oldestSentAt}::timestamptz)`,
      );
      await db.$executeRaw`
        INSERT INTO worker_sample (worker_id, second, queue, received, stored, failed, dead, throttles, write_units, oldest_sent_at)
        VALUES ${Prisma.join(rows)}
        ON CONFLICT (worker_id, second) DO UPDATE SET received = excluded.received, stored = excluded.stored, failed = excluded.failed,
          dead = excluded.dead, throttles = excluded.throttles, write_units = excluded.write_units, oldest_sent_at = excluded.oldest_sent_at`;
    },

    /** Workers seen since then, in order of their start. */
    async list({ seenSince }: { seenSince: Date }): Promise<RegisteredWorker[]> {
      const rows = await db.worker.findMany({
        where: { queue, lastSeenAt: { gte: seenSince } },
        orderBy: [{ startedAt: "asc" }, { id: "asc" }],
        take: 1_000,
      });
      return rows.map((row) => ({
        id: row.id,
        host: row.host,
        pid: row.pid,
        version: row.version,
        state: row.state as WorkerState,
        startedAt: row.startedAt,
        lastSeenAt: row.lastSeenAt,
        acknowledged:
          row.ackedRateWcuPerSecond === null || row.ackedVersion === null || row.ackedAt === null
            ? null
            : { rateWcuPerSecond: row.ackedRateWcuPerSecond, version: row.ackedVersion, at: row.ackedAt },
        lastError: row.lastError === null || row.lastErrorAt === null ? null : { message: row.lastError, at: row.lastErrorAt },
      }));
    },

    /** What was done from `from` (inclusive) to `to` (exclusive). */
    async samples({ from, to }: { from: Date; to: Date }): Promise<WorkerSamples> {
      const range = Prisma.sql`FROM worker_sample WHERE queue = ${queue} AND second >= ${from} AND second < ${to}`;
      const [perSecond, perWorker] = await Promise.all([
        db.$queryRaw<WorkerSamples["perSecond"]>`SELECT second, count(*)::int AS workers, min(oldest_sent_at) AS "oldestSentAt", ${SUMS} ${range}
          GROUP BY second ORDER BY second`,
        db.$queryRaw<WorkerSamples["perWorker"]>`SELECT worker_id AS "workerId", count(*)::int AS seconds, ${SUMS} ${range}
          GROUP BY worker_id ORDER BY worker_id`,
      ]);
      return { perSecond, perWorker };
    },

    /** Removes samples older than `before`, and workers that were last seen before it. */
    async prune({ before }: { before: Date }): Promise<{ samples: number; workers: number }> {
      const samples = await db.workerSample.deleteMany({ where: { queue, second: { lt: before } } });
      const workers = await db.worker.deleteMany({ where: { queue, lastSeenAt: { lt: before } } });
      return { samples: samples.count, workers: workers.count };
    },
  };
}
