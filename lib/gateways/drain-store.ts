import type { Drain, DrainHistoryEntry, DrainHistoryKind, DrainMode, GoalState } from "#lib/contracts/drain.ts";
import type { WriteCeiling } from "#lib/domain/write-ceiling.ts";
import { FACTOR_CUT, FACTOR_CUT_INTERVAL_MS, FACTOR_FLOOR, PAUSED_RETRY_MS } from "#lib/domain/drain-rate.ts";
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

/**
 * A granted lease names its start: `startInMs` from now, which may be 0, and `startsAtMs` by the database's clock.
 * A refusal says how long to wait; one with a rate of 0 is a refusal because draining is paused.
 */
export type Lease =
  | { granted: true; startInMs: number; startsAtMs?: number; effectiveWcuPerSecond: number; version: number }
  | { granted: false; retryInMs: number; effectiveWcuPerSecond: number; version: number };

export type DrainChangeOutcome = { outcome: "changed"; drain: Drain } | { outcome: "conflict"; drain: Drain };

interface DrainRow {
  queue: string;
  rate: number;
  asked: number;
  effective: number;
  capacity_share: number;
  provisioned_wcu: number | null;
  ceiling_wcu: number | null;
  factor: number;
  mode: DrainMode;
  mode_before_pause: DrainMode | null;
  computed_wcu: number | null;
  computed_at: Date | null;
  goal_clear_by: Date | null;
  goal_state: GoalState | null;
  goal_needed_wcu: number | null;
  override_id: string | null;
  override_wcu: number | null;
  override_at: Date | null;
  override_until: Date | null;
  override_by: string | null;
  override_reason: string | null;
  override_left: number | null;
  override_then: number;
  version: number;
  version_at: Date;
  changed_by: string;
  reason: string | null;
  changed_at: Date;
}

/*
 * drain_asked(), drain_effective() and their like are SQL functions of the migrations: one place says what the rate
 * in force is. A trigger measures what is leased ahead anew whenever anything but a lease changes the row.
 */
const ROW = Prisma.sql`drain.queue, drain.rate_wcu_per_second AS rate, drain_asked(drain) AS asked, drain_effective(drain) AS effective,
  drain.capacity_share, drain.provisioned_wcu, drain.ceiling_wcu, drain_factor(drain) AS factor, drain.mode, drain.mode_before_pause,
  drain.computed_wcu, drain.computed_at, drain.goal_clear_by, drain.goal_state, drain.goal_needed_wcu,
  drain.override_id::text, drain.override_wcu, drain.override_at, drain.override_until, drain.override_by, drain.override_reason,
  extract(epoch FROM drain.override_until - clock_timestamp())::float8 AS override_left,
  drain_held(drain, CASE drain.mode WHEN 'paused' THEN 0 WHEN 'manual' THEN drain.rate_wcu_per_second
    ELSE coalesce(drain.computed_wcu, drain.rate_wcu_per_second) END) AS override_then,
  drain.version, drain.version_at, drain.changed_by, drain.reason, drain.changed_at`;
const seconds = (value: Prisma.Sql) => Prisma.sql`make_interval(secs => ${value})`;

function overrideOf(row: DrainRow): Drain["override"] {
  const { override_id: id, override_wcu: wcu, override_at: at, override_until: until, override_left: left } = row;
  if (id === null || wcu === null || at === null || until === null || left === null || left <= 0) return null;
  return {
    id,
    rateWcuPerSecond: wcu,
    since: at.toISOString(),
    until: until.toISOString(),
    endsInSeconds: left,
    thenWcuPerSecond: row.override_then,
    by: row.override_by ?? "",
    reason: row.override_reason ?? "",
  };
}

function toDrain(row: DrainRow): Drain {
  const clearBy = row.mode === "goal" || row.mode_before_pause === "goal" ? row.goal_clear_by : null;
  return {
    queue: row.queue,
    rateWcuPerSecond: row.rate,
    askedWcuPerSecond: row.asked,
    effectiveWcuPerSecond: row.effective,
    capacityShare: row.capacity_share,
    provisionedWcu: row.provisioned_wcu,
    ceilingWcu: row.ceiling_wcu,
    factor: row.factor,
    mode: row.mode,
    modeBeforePause: row.mode_before_pause,
    computedWcuPerSecond: row.computed_wcu,
    computedAt: row.computed_at?.toISOString() ?? null,
    goal: clearBy && { clearBy: clearBy.toISOString(), state: row.goal_state, neededWcuPerSecond: row.goal_needed_wcu },
    override: overrideOf(row),
    version: row.version,
    versionAt: row.version_at.toISOString(),
    changedBy: row.changed_by,
    reason: row.reason,
    changedAt: row.changed_at.toISOString(),
  };
}

export type DrainStore = ReturnType<typeof createDrainStore>;

/** The drain row of one queue: the dial, its guard, the throttle feedback and the lease that every worker draws on. */
export function createDrainStore({ db, queue }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw">; queue: string }) {
  /**
   * Writes down that an override has ended by itself, at the time it did. Any number may see it at once: the row's
   * lock lets one of them write.
   */
  async function noteExpiry(): Promise<void> {
    await db.$executeRaw`
      WITH before AS (
        SELECT queue, override_id, override_wcu, override_until FROM drain
        WHERE queue = ${queue} AND override_until <= clock_timestamp() FOR UPDATE
      ),
      ended AS (
        UPDATE drain SET override_id = NULL, override_wcu = NULL, override_at = NULL, override_until = NULL, override_by = NULL,
          override_reason = NULL, version = drain.version + 1, version_at = before.override_until
        FROM before WHERE drain.queue = before.queue AND drain.override_id = before.override_id
        RETURNING drain.queue, drain.version, before.override_wcu AS from_rate, drain_asked(drain) AS to_rate, drain.mode, before.override_id, before.override_until
      )
      INSERT INTO drain_change (queue, version, from_rate_wcu_per_second, to_rate_wcu_per_second, actor, reason, at, kind, mode, override_id, until)
      SELECT queue, version, from_rate, to_rate, 'system', NULL, override_until, 'override_expired', mode, override_id, override_until FROM ended
      ON CONFLICT DO NOTHING`;
  }

  async function readRow(): Promise<DrainRow> {
    const [row] = await db.$queryRaw<DrainRow[]>`SELECT ${ROW} FROM drain WHERE queue = ${queue}`;
    if (!row) throw new DrainNotFound(queue);
    return row;
  }

  async function read(): Promise<Drain> {
    const row = await readRow();
    if (row.override_left === null || row.override_left > 0) return toDrain(row);
    await noteExpiry();
    return toDrain(await readRow());
  }

  return {
    /** Creates the row where there is none. */
    async ensure(): Promise<void> {
      await db.$executeRaw`INSERT INTO drain (queue, rate_wcu_per_second, changed_by)
        VALUES (${queue}, ${DEFAULT_RATE_WCU_PER_SECOND}::float8, 'system') ON CONFLICT (queue) DO NOTHING`;
    },

    /**
     * The row as it stands; whoever first reads it after an override's end writes that into the history.
     * @throws DrainNotFound
     */
    read,

    /**
     * GCRA in one UPDATE, inside drain_lease(): granted when at most `leadMs` of the rate is already spent ahead of now, never while paused.
     * An override's end is obeyed here, by the clock, whether or not anybody has noted it yet.
     * @throws DrainNotFound
     */
    async lease({ costWriteUnits, leadMs }: { costWriteUnits: number; leadMs: number }): Promise<Lease> {
      const [row] = await db.$queryRaw<{ granted: boolean; wait_ms: number; starts_at: number; effective: number; version: number }[]>`
        SELECT granted, wait_ms, starts_at, effective, row_version AS version
        FROM drain_lease(${queue}, ${Math.max(0, costWriteUnits)}::float8, ${leadMs / 1000}::float8)`;
      if (!row) throw new DrainNotFound(queue);
      const { effective: effectiveWcuPerSecond, version } = row;
      if (row.granted) return { granted: true, startInMs: row.wait_ms, startsAtMs: row.starts_at, effectiveWcuPerSecond, version };
      if (effectiveWcuPerSecond <= 0) return { granted: false, retryInMs: PAUSED_RETRY_MS, effectiveWcuPerSecond: 0, version };
      // Its time has come between two looks at the clock, or nearly: not worth a call at once.
      return { granted: false, retryInMs: Math.max(2, row.wait_ms), effectiveWcuPerSecond, version };
    },

    /**
     * Sets the dial, if it is still at `expectedVersion`; the history entry is written by the same statement. Who sets
     * it takes over from the modes auto and goal; a pause stays one.
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
      const [row] = await db.$queryRaw<DrainRow[]>`
        WITH before AS (SELECT queue, drain_asked(drain) AS from_rate FROM drain WHERE queue = ${queue} FOR UPDATE),
        changed AS (
          UPDATE drain SET rate_wcu_per_second = ${rateWcuPerSecond}::float8, version = drain.version + 1, version_at = clock_timestamp(),
            mode = CASE drain.mode WHEN 'paused' THEN 'paused' ELSE 'manual' END,
            mode_before_pause = CASE drain.mode WHEN 'paused' THEN 'manual' END,
            changed_by = ${actor}, reason = ${reason ?? null}, changed_at = clock_timestamp()
          FROM before WHERE drain.queue = before.queue AND drain.version = ${expectedVersion}
          RETURNING ${ROW}, before.from_rate
        ),
        entry AS (
          INSERT INTO drain_change (queue, version, from_rate_wcu_per_second, to_rate_wcu_per_second, actor, reason, at, kind, mode)
          SELECT queue, version, from_rate, asked, changed_by, reason, changed_at, 'rate', mode FROM changed
        )
        SELECT * FROM changed`;
      return row ? { outcome: "changed", drain: toDrain(row) } : { outcome: "conflict", drain: await read() };
    },

    /** Changes of the rate and the mode, oldest first, at most 1,000. Both ends are inclusive. */
    async history({ from, to }: { from: Date; to: Date }): Promise<DrainHistoryEntry[]> {
      const rows = await db.$queryRaw<
        { id: string; at: Date; kind: DrainHistoryKind; mode: DrainMode; from_rate: number; to_rate: number; until: Date | null; actor: string; reason: string | null }[]
      >`
        SELECT id::text, at, kind, mode, from_rate_wcu_per_second AS from_rate, to_rate_wcu_per_second AS to_rate, until, actor, reason FROM (
          SELECT * FROM drain_change WHERE queue = ${queue} AND at >= ${from} AND at <= ${to} ORDER BY at DESC, version DESC LIMIT 1000
        ) AS latest ORDER BY at, version`;
      return rows.map((row) => ({
        id: row.id,
        at: row.at.toISOString(),
        kind: row.kind,
        mode: row.mode,
        fromRateWcuPerSecond: row.from_rate,
        toRateWcuPerSecond: row.to_rate,
        until: row.until?.toISOString() ?? null,
        actor: row.actor,
        reason: row.reason,
      }));
    },

    /**
     * Records what the table was described to have; `null` = no ceiling known. The guard follows at once.
     * @param ceiling charged units at which the table or the first of its indexes is full; one that was not measured
     * gives way to one that another worker has measured. Left out: the table's own.
     */
    async setProvisioned({ writeUnits, ceiling = { writeUnits: null, measured: true } }: { writeUnits: number | null; ceiling?: WriteCeiling }): Promise<void> {
      const guess = Prisma.sql`${ceiling.writeUnits}::float8`;
      await db.$executeRaw`
        UPDATE drain SET provisioned_wcu = ${writeUnits}::float8, provisioned_at = clock_timestamp(),
          ceiling_wcu = ${ceiling.measured ? guess : Prisma.sql`coalesce(drain.ceiling_wcu, ${guess})`}
        WHERE drain.queue = ${queue}`;
    },

    /**
     * Tells the row that the table throttled: the factor is cut, at most once a second over all workers.
     * @returns whether this call cut it.
     */
    async throttled(): Promise<boolean> {
      const cut = await db.$executeRaw`
        UPDATE drain SET factor = greatest(${FACTOR_FLOOR}::float8, drain_factor(drain) * ${FACTOR_CUT}::float8), factor_at = clock_timestamp()
        WHERE drain.queue = ${queue}
          AND drain.factor_at <= clock_timestamp() - ${seconds(Prisma.sql`${FACTOR_CUT_INTERVAL_MS / 1000}::float8`)}`;
      return cut > 0;
    },
  };
}
