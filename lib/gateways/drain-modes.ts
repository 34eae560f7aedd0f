import type { DrainHistoryKind, GoalState } from "#lib/contracts/drain.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** Who acts, why, and which version of the row was seen. */
export interface DrainActor {
  actor: string;
  reason?: string | undefined;
  expectedVersion: number;
}

/** `not_done`: the version was another one, or the row was not in the state that the act needs. */
export type ActOutcome = "done" | "not_done";

/** What the leader works out for the modes auto and goal. */
export interface ComputedRate {
  mode: "auto" | "goal";
  /** The version it was worked out for. */
  version: number;
  rateWcuPerSecond: number;
  goalState: GoalState | null;
  neededWcuPerSecond: number | null;
}

export type DrainModes = ReturnType<typeof createDrainModes>;

const NO_OVERRIDE = Prisma.sql`override_id = NULL, override_wcu = NULL, override_at = NULL, override_until = NULL, override_by = NULL, override_reason = NULL`;
const NOT_COMPUTED = Prisma.sql`computed_wcu = NULL, computed_at = NULL, goal_state = NULL, goal_needed_wcu = NULL`;
const RUNNING_OVERRIDE = Prisma.sql`drain.override_until > clock_timestamp()`;

/** The acts on a queue's drain row beside the dial. Each is one statement that also writes its history entry. */
export function createDrainModes({ db, queue }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw">; queue: string }) {
  async function act(kind: DrainHistoryKind, { set, only = Prisma.sql`true`, by }: { set: Prisma.Sql; only?: Prisma.Sql; by: DrainActor }): Promise<ActOutcome> {
    const rows = await db.$queryRaw<unknown[]>`
      WITH before AS (
        SELECT queue, drain_asked(drain) AS from_rate, override_id, override_until FROM drain WHERE queue = ${queue} FOR UPDATE
      ),
      changed AS (
        UPDATE drain SET ${set}, version = drain.version + 1, version_at = clock_timestamp()
        FROM before WHERE drain.queue = before.queue AND drain.version = ${by.expectedVersion} AND ${only}
        RETURNING drain.queue, drain.version, drain.version_at, drain.mode, before.from_rate, drain_asked(drain) AS to_rate,
          coalesce(drain.override_id, before.override_id) AS override_id, coalesce(drain.override_until, before.override_until) AS until
      )
      INSERT INTO drain_change (queue, version, from_rate_wcu_per_second, to_rate_wcu_per_second, actor, reason, at, kind, mode, override_id, until)
      SELECT queue, version, from_rate, to_rate, ${by.actor}, ${by.reason ?? null}, version_at, ${kind}, mode, override_id, until FROM changed
      RETURNING 1 AS done`;
    return rows.length > 0 ? "done" : "not_done";
  }
  const changedBy = ({ actor, reason }: DrainActor) => Prisma.sql`changed_by = ${actor}, reason = ${reason ?? null}, changed_at = clock_timestamp()`;

  return {
    /** Leaves a pause, too. `clearBy` is for the mode goal only and must lie ahead. */
    setMode: (to: { mode: "manual" | "auto" } | { mode: "goal"; clearBy: Date }, by: DrainActor): Promise<ActOutcome> =>
      act("mode", {
        by,
        set: Prisma.sql`mode = ${to.mode}, mode_before_pause = NULL, goal_clear_by = ${to.mode === "goal" ? to.clearBy : null}::timestamptz, ${NOT_COMPUTED}, ${changedBy(by)}`,
        only: to.mode === "goal" ? Prisma.sql`${to.clearBy}::timestamptz > clock_timestamp()` : Prisma.sql`true`,
      }),

    /** Nothing is granted from now on; an override ends with it. */
    pause: (by: DrainActor): Promise<ActOutcome> =>
      act("paused", {
        by,
        set: Prisma.sql`mode = 'paused', mode_before_pause = drain.mode, ${NO_OVERRIDE}, ${changedBy(by)}`,
        only: Prisma.sql`drain.mode <> 'paused'`,
      }),

    /** Back to the mode of before the pause. */
    resume: (by: DrainActor): Promise<ActOutcome> =>
      act("resumed", {
        by,
        set: Prisma.sql`mode = coalesce(drain.mode_before_pause, 'manual'), mode_before_pause = NULL, ${changedBy(by)}`,
        only: Prisma.sql`drain.mode = 'paused'`,
      }),

    /** A rate for a while, in place of one that may run; counted from now by the database's clock. Not while paused. */
    override: ({ id, rateWcuPerSecond, seconds }: { id: string; rateWcuPerSecond: number; seconds: number }, by: DrainActor & { reason: string }): Promise<ActOutcome> =>
      act("override", {
        by,
        set: Prisma.sql`override_id = ${id}::uuid, override_wcu = ${rateWcuPerSecond}::float8, override_at = clock_timestamp(),
          override_until = clock_timestamp() + make_interval(secs => ${seconds}::float8), override_by = ${by.actor}, override_reason = ${by.reason}`,
        only: Prisma.sql`drain.mode <> 'paused'`,
      }),

    /** Ends an override before its time. */
    endOverride: (by: DrainActor): Promise<ActOutcome> => act("override_ended", { by, set: NO_OVERRIDE, only: RUNNING_OVERRIDE }),

    /** The leader's rate, if the row still is as it was seen. @returns whether it was taken. */
    async setComputed({ mode, version, rateWcuPerSecond, goalState, neededWcuPerSecond }: ComputedRate): Promise<boolean> {
      const taken = await db.$executeRaw`
        UPDATE drain SET computed_wcu = ${rateWcuPerSecond}::float8, computed_at = clock_timestamp(), goal_state = ${goalState},
          goal_needed_wcu = ${neededWcuPerSecond}::float8
        WHERE queue = ${queue} AND mode = ${mode} AND version = ${version}`;
      return taken > 0;
    },
  };
}
