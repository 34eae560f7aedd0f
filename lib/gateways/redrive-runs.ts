import type { DeathStatus, RedriveItemState, RedriveOutcome, RedriveReceipt, RedriveRefusal, RedriveRun } from "#lib/contracts/dead-letters.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** An item the job has still to send, with what it sends. */
export interface PendingItem {
  runId: string;
  deathId: string;
  /** Group of the user's activities; null when the body names no user. */
  userHash: string | null;
  body: string;
}

interface RunRow {
  id: string;
  actor: string;
  reason: string;
  selected: number;
  state: RedriveRun["state"];
  createdAt: Date;
  finishedAt: Date | null;
  pending: number;
  sent: number;
  stored: number;
  bounced: number;
}

const count = (state: RedriveItemState) => Prisma.sql`(count(*) FILTER (WHERE i.state = ${state}))::int`;
const COUNTED = Prisma.sql`run.id, run.actor, run.reason, run.selected, run.state, run.created_at AS "createdAt", run.finished_at AS "finishedAt",
  ${count("pending")} AS pending, ${count("sent")} AS sent, ${count("stored")} AS stored, ${count("bounced")} AS bounced`;

function toRun({ pending, sent, stored, bounced, ...row }: RunRow): RedriveRun {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    counts: { pending, sent, stored, bounced },
  };
}

export type RedriveRuns = ReturnType<typeof createRedriveRuns>;

/** Redrive runs and their frozen items. All methods throw when Postgres is away. */
export function createRedriveRuns({ db, queue }: { db: PrismaClient; queue: string }) {
  async function findRun(client: Prisma.TransactionClient, runId: string): Promise<RedriveRun | null> {
    const rows = await client.$queryRaw<RunRow[]>`
      SELECT ${COUNTED} FROM redrive_run run JOIN redrive_item i ON i.run_id = run.id
      WHERE run.queue = ${queue} AND run.id = ${runId}::uuid GROUP BY run.id`;
    return rows[0] === undefined ? null : toRun(rows[0]);
  }

  return {
    /**
     * Freezes a selection into a run, all or nothing. The same `runId` with the same selection is the same run.
     * @param deathIds in the order they are to be sent.
     */
    async create({
      runId,
      deathIds,
      actor,
      reason,
    }: {
      runId: string;
      deathIds: readonly string[];
      actor: string;
      reason: string;
    }): Promise<RedriveOutcome> {
      const selection = [...new Set(deathIds.map((id) => id.toLowerCase()))];
      return db.$transaction(async (tx): Promise<RedriveOutcome> => {
        // One id, one run: the same request sent twice at once waits here for its twin.
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`redrive-run:${runId}`}, 0))`;
        const [taken] = await tx.$queryRaw<{ queue: string }[]>`SELECT queue FROM redrive_run WHERE id = ${runId}::uuid`;
        if (taken !== undefined) {
          const items = await tx.$queryRaw<{ deathId: string }[]>`SELECT death_id AS "deathId" FROM redrive_item WHERE run_id = ${runId}::uuid`;
          const same = items.length === selection.length && new Set([...selection, ...items.map((item) => item.deathId)]).size === items.length;
          const run = same ? await findRun(tx, runId) : null;
          return run === null ? { outcome: "run_id_taken" } : { outcome: "existing", run };
        }
        // Locked in one order: two overlapping selections wait for each other instead of deadlocking.
        const deaths = await tx.$queryRaw<{ id: string; status: DeathStatus }[]>`
          SELECT id, status FROM death WHERE queue = ${queue} AND id = ANY(${selection}::uuid[]) ORDER BY id FOR UPDATE`;
        const underWay = await tx.$queryRaw<{ deathId: string; runId: string }[]>`
          SELECT death_id AS "deathId", run_id AS "runId" FROM redrive_item
          WHERE death_id = ANY(${selection}::uuid[]) AND state IN ('pending', 'sent')`;
        const status = new Map(deaths.map((death) => [death.id, death.status]));
        const runs = new Map(underWay.map((item) => [item.deathId, item.runId]));
        const refused = selection.flatMap((deathId): RedriveRefusal[] => {
          const found = status.get(deathId);
          if (found === undefined) return [{ deathId, why: "not_found", runId: null }];
          if (found !== "open") return [{ deathId, why: "already_resolved", runId: null }];
          const other = runs.get(deathId);
          return other === undefined ? [] : [{ deathId, why: "under_way", runId: other }];
        });
        if (refused.length > 0) return { outcome: "refused", refused };
        await tx.$executeRaw`
          INSERT INTO redrive_run (id, queue, actor, reason, selected, created_at)
          VALUES (${runId}::uuid, ${queue}, ${actor}, ${reason}, ${selection.length}::int, clock_timestamp())`;
        await tx.$executeRaw`
          INSERT INTO redrive_item (run_id, death_id, position)
          SELECT ${runId}::uuid, death_id, position FROM unnest(${selection}::uuid[]) WITH ORDINALITY AS s(death_id, position)`;
        const run = await findRun(tx, runId);
        if (run === null) throw new Error(`run ${runId} was not found right after it was made`);
        return { outcome: "created", run };
      });
    },

    /** The next items to send: the oldest run first, in the order of its selection. */
    async pending({ limit }: { limit: number }): Promise<PendingItem[]> {
      return db.$queryRaw<PendingItem[]>`
        SELECT i.run_id AS "runId", i.death_id AS "deathId", d.user_hash AS "userHash", d.body
        FROM redrive_run run JOIN redrive_item i ON i.run_id = run.id JOIN death d ON d.id = i.death_id
        WHERE run.queue = ${queue} AND run.state = 'running' AND i.state = 'pending'
        ORDER BY run.created_at, run.id, i.position LIMIT ${limit}`;
    },

    /** Records what was sent. An item resolved meanwhile (its message was quicker than this note) stays resolved. */
    async markSent(sent: readonly { runId: string; deathId: string; messageId: string }[]): Promise<void> {
      if (sent.length === 0) return;
      await db.$executeRaw`
        UPDATE redrive_item i SET
          state = CASE WHEN i.state = 'pending' THEN 'sent' ELSE i.state END,
          message_id = s.message_id, sent_at = coalesce(i.sent_at, clock_timestamp())
        FROM unnest(${sent.map((item) => item.runId)}::uuid[], ${sent.map((item) => item.deathId)}::uuid[], ${sent.map((item) => item.messageId)}::text[])
          AS s(run_id, death_id, message_id)
        WHERE i.run_id = s.run_id AND i.death_id = s.death_id`;
    },

    /** The latest runs, the newest first. */
    async latest({ limit }: { limit: number }): Promise<RedriveRun[]> {
      const rows = await db.$queryRaw<RunRow[]>`
        SELECT ${COUNTED} FROM (
          SELECT * FROM redrive_run WHERE queue = ${queue} ORDER BY created_at DESC, id DESC LIMIT ${limit}
        ) run JOIN redrive_item i ON i.run_id = run.id
        GROUP BY run.id, run.actor, run.reason, run.selected, run.state, run.created_at, run.finished_at
        ORDER BY run.created_at DESC, run.id DESC`;
      return rows.map(toRun);
    },

    /** The run and what became of each death it froze, in the order of its selection; null when there is no such run. */
    async receipt(runId: string): Promise<RedriveReceipt | null> {
      const [run, items] = await db.$transaction(
        async (tx) => [
          await findRun(tx, runId),
          await tx.$queryRaw<(Omit<RedriveReceipt["items"][number], "sentAt" | "resolvedAt"> & { sentAt: Date | null; resolvedAt: Date | null })[]>`
            SELECT i.death_id AS "deathId", d.user_id AS "userId", d.activity_id AS "activityId", i.state,
              i.sent_at AS "sentAt", i.resolved_at AS "resolvedAt", i.bounced_death_id AS "bouncedDeathId",
              b.reason AS "bouncedReason", b.error AS "bouncedError"
            FROM redrive_item i JOIN death d ON d.id = i.death_id LEFT JOIN death b ON b.id = i.bounced_death_id WHERE i.run_id = ${runId}::uuid ORDER BY i.position`,
        ] as const,
        // One snapshot: the counts and the items must agree on the screen.
        { isolationLevel: "RepeatableRead" },
      );
      if (run === null) return null;
      return {
        ...run,
        items: items.map((item) =>
          Object.assign(item, { sentAt: item.sentAt?.toISOString() ?? null, resolvedAt: item.resolvedAt?.toISOString() ?? null }),
        ),
      };
    },
  };
}
