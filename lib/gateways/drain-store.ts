import type { Drain, DrainHistoryEntry } from "#lib/contracts/drain.ts";
import { FACTOR_CUT, FACTOR_CUT_INTERVAL_MS, FACTOR_FLOOR, FACTOR_RECOVERY_PER_SECOND } from "#lib/domain/drain-rate.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** Dial of a queue that nobody has set yet, WCU/s. */
export const DEFAULT_RATE_WCU_PER_SECOND = 100;

/** No row for this queue: `ensure()` has not run against this database. */
export class DrainNotFound extends Error {
  constructor(queue: string) {
    super(`There is no drain row for the queue ${queue}.`);
    this.name = "DrainNotFound";
  }
}

export type Lease =
  | { granted: true; startInMs: number; effectiveWcuPerSecond: number; version: number }
  | { granted: false; retryInMs: number; effectiveWcuPerSecond: number; version: number };

export type DrainChangeOutcome = { outcome: "changed"; drain: Drain } | { outcome: "conflict"; drain: Drain };

interface DrainRow {
  queue: string;
  rate: number;
  effective: number;
  capacity_share: number;
  provisioned_wcu: number | null;
  factor: number;
  version: number;
  changed_by: string;
  reason: string | null;
  changed_at: Date;
}

/*
 * clock_timestamp() throughout, never now(): now() is the transaction's start, and a row that was waited for would
 * be refilled by the time spent waiting, once per waiter.
 */
const FACTOR = Prisma.sql`least(1, drain.factor + ${FACTOR_RECOVERY_PER_SECOND}::float8 * greatest(0, extract(epoch FROM clock_timestamp() - drain.factor_at)::float8))`;
// least() skips nulls: a table without a known ceiling has no guard.
const UNDER_GUARD = Prisma.sql`least(drain.rate_wcu_per_second, drain.capacity_share * drain.provisioned_wcu)`;
const EFFECTIVE = Prisma.sql`(${UNDER_GUARD} * ${FACTOR})`;
const ROW = Prisma.sql`drain.queue, drain.rate_wcu_per_second AS rate, ${EFFECTIVE} AS effective, drain.capacity_share,
  drain.provisioned_wcu, ${FACTOR} AS factor, drain.version, drain.changed_by, drain.reason, drain.changed_at`;
const seconds = (value: Prisma.Sql) => Prisma.sql`make_interval(secs => ${value})`;
const SPENT_AHEAD = Prisma.sql`greatest(0, extract(epoch FROM drain.tat - clock_timestamp())::float8)`;

function toDrain(row: DrainRow): Drain {
  return {
    queue: row.queue,
    rateWcuPerSecond: row.rate,
    effectiveWcuPerSecond: row.effective,
    capacityShare: row.capacity_share,
    provisionedWcu: row.provisioned_wcu,
    factor: row.factor,
    version: row.version,
    changedBy: row.changed_by,
    reason: row.reason,
    changedAt: row.changed_at.toISOString(),
  };
}

export type DrainStore = ReturnType<typeof createDrainStore>;

/** The drain row of one queue: the dial, its guard, the throttle feedback and the lease that every worker draws on. */
export function createDrainStore({ db, queue }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw">; queue: string }) {
  async function read(): Promise<Drain> {
    const [row] = await db.$queryRaw<DrainRow[]>`SELECT ${ROW} FROM drain WHERE queue = ${queue}`;
    if (!row) throw new DrainNotFound(queue);
    return toDrain(row);
  }

  return {
    /** Creates the row where there is none. */
    async ensure(): Promise<void> {
      await db.$executeRaw`INSERT INTO drain (queue, rate_wcu_per_second, changed_by)
        VALUES (${queue}, ${DEFAULT_RATE_WCU_PER_SECOND}::float8, 'system') ON CONFLICT (queue) DO NOTHING`;
    },

    /** @throws DrainNotFound */
    read,

    /**
     * GCRA in one UPDATE: granted when at most `leadMs` of the rate is already spent ahead of now.
     * Start at `startInMs` from now, which may be 0; a refusal says how long to wait before asking again.
     * @throws DrainNotFound
     */
    async lease({ costWriteUnits, leadMs }: { costWriteUnits: number; leadMs: number }): Promise<Lease> {
      const cost = Prisma.sql`(${Math.max(0, costWriteUnits)}::float8 / ${EFFECTIVE})`;
      const [row] = await db.$queryRaw<{ granted: boolean; wait_ms: number; effective: number; version: number }[]>`
        WITH granted AS (
          UPDATE drain SET tat = greatest(drain.tat, clock_timestamp()) + ${seconds(cost)}
          WHERE drain.queue = ${queue} AND drain.tat <= clock_timestamp() + ${seconds(Prisma.sql`${leadMs / 1000}::float8`)}
          RETURNING extract(epoch FROM drain.tat - clock_timestamp())::float8 - ${cost} AS start_in, ${EFFECTIVE} AS effective, drain.version
        )
        SELECT true AS granted, greatest(0, start_in) * 1000 AS wait_ms, effective, version FROM granted
        UNION ALL
        SELECT false, (${SPENT_AHEAD} * 1000) - ${leadMs}::float8, ${EFFECTIVE}, drain.version
        FROM drain WHERE drain.queue = ${queue} AND NOT EXISTS (SELECT 1 FROM granted)`;
      if (!row) throw new DrainNotFound(queue);
      const { effective: effectiveWcuPerSecond, version } = row;
      if (row.granted) return { granted: true, startInMs: row.wait_ms, effectiveWcuPerSecond, version };
      // The refusal is read from the snapshot, where others' leases of this instant are not yet seen.
      return { granted: false, retryInMs: Math.max(2, row.wait_ms), effectiveWcuPerSecond, version };
    },

    /**
     * Sets the dial, if it is still at `expectedVersion`; the history entry is written by the same statement.
     * What is already leased ahead is measured anew at the new rate.
     */
    async change({
      rateWcuPerSecond,
      expectedVersion,
      actor,
      reason,
    }: {
      rateWcuPerSecond: number;
      expectedVersion: number;
      actor: string;
      reason?: string | undefined;
    }): Promise<DrainChangeOutcome> {
      const newEffective = Prisma.sql`(least(${rateWcuPerSecond}::float8, drain.capacity_share * drain.provisioned_wcu) * ${FACTOR})`;
      const [row] = await db.$queryRaw<DrainRow[]>`
        WITH before AS (SELECT queue, rate_wcu_per_second AS from_rate FROM drain WHERE queue = ${queue} FOR UPDATE),
        changed AS (
          UPDATE drain SET rate_wcu_per_second = ${rateWcuPerSecond}::float8, version = drain.version + 1,
            changed_by = ${actor}, reason = ${reason ?? null}, changed_at = clock_timestamp(),
            tat = clock_timestamp() + ${seconds(Prisma.sql`${SPENT_AHEAD} * ${EFFECTIVE} / ${newEffective}`)}
          FROM before WHERE drain.queue = before.queue AND drain.version = ${expectedVersion}
          RETURNING ${ROW}, before.from_rate
        ),
        entry AS (
          INSERT INTO drain_change (queue, version, from_rate_wcu_per_second, to_rate_wcu_per_second, actor, reason, at)
          SELECT queue, version, from_rate, rate, changed_by, reason, changed_at FROM changed
        )
        SELECT * FROM changed`;
      return row ? { outcome: "changed", drain: toDrain(row) } : { outcome: "conflict", drain: await read() };
    },

    /** Changes of the dial, oldest first, at most 1,000. Both ends are inclusive. */
    async history({ from, to }: { from: Date; to: Date }): Promise<DrainHistoryEntry[]> {
      const rows = await db.$queryRaw<{ id: string; at: Date; from_rate: number; to_rate: number; actor: string; reason: string | null }[]>`
        SELECT id::text, at, from_rate_wcu_per_second AS from_rate, to_rate_wcu_per_second AS to_rate, actor, reason FROM (
          SELECT * FROM drain_change WHERE queue = ${queue} AND at >= ${from} AND at <= ${to} ORDER BY at DESC, version DESC LIMIT 1000
        ) AS latest ORDER BY at, version`;
      return rows.map((row) => ({
        id: row.id,
        at: row.at.toISOString(),
        fromRateWcuPerSecond: row.from_rate,
        toRateWcuPerSecond: row.to_rate,
        actor: row.actor,
        reason: row.reason,
      }));
    },

    /** Records what the table was described to have; `null` = no ceiling known. The guard follows at once. */
    async setProvisioned({ writeUnits }: { writeUnits: number | null }): Promise<void> {
      const newEffective = Prisma.sql`(least(drain.rate_wcu_per_second, drain.capacity_share * ${writeUnits}::float8) * ${FACTOR})`;
      await db.$executeRaw`
        UPDATE drain SET provisioned_wcu = ${writeUnits}::float8, provisioned_at = clock_timestamp(),
          tat = clock_timestamp() + ${seconds(Prisma.sql`${SPENT_AHEAD} * ${EFFECTIVE} / ${newEffective}`)}
        WHERE drain.queue = ${queue}`;
    },

    /**
     * Tells the row that the table throttled: the factor is cut, at most once a second over all workers.
     * @returns whether this call cut it.
     */
    async throttled(): Promise<boolean> {
      const cut = await db.$executeRaw`
        UPDATE drain SET factor = greatest(${FACTOR_FLOOR}::float8, ${FACTOR} * ${FACTOR_CUT}::float8), factor_at = clock_timestamp()
        WHERE drain.queue = ${queue}
          AND drain.factor_at <= clock_timestamp() - ${seconds(Prisma.sql`${FACTOR_CUT_INTERVAL_MS / 1000}::float8`)}`;
      return cut > 0;
    },
  };
}
