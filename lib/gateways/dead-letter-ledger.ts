import { randomUUID } from "node:crypto";
import type {
  Attempt,
  CappedCount,
  DeadLetter,
  DeathReason,
  DeathStatus,
  FailingMessage,
  RedriveItemState,
} from "#lib/contracts/dead-letters.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { bodyFacts } from "#lib/domain/body-facts.ts";
import type { LedgerPosition } from "#lib/domain/keyset-cursor.ts";
import { ledgerError } from "#lib/domain/ledger-text.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** Counts stop here: an exact count of a broad selection takes over a second at half a million rows. */
const COUNT_CAP = 10_000;

/** A death as those who complete, sweep or resolve it need it. */
export interface Death {
  id: string;
  messageId: string;
  reason: DeathReason;
  attempts: number;
  worker: string;
  firstFailedAt: Date;
  lastFailedAt: Date;
  status: DeathStatus;
  /** MessageId of its copy in the DLQ; null until that is recorded. */
  dlqMessageId: string | null;
}

export interface DeathDecision {
  messageId: string;
  body: string;
  sentAt: Date | null;
  reason: DeathReason;
  error: string;
  /** Attempts as the caller knows them; the counted ones win when they are more. */
  attempts: number;
  worker: string;
  /** The death whose redrive this message is. */
  redrivenFrom: string | null;
}

/** A dead letter found in the DLQ that no row speaks of, filed as its attributes tell it. */
export interface FoundDeath {
  id: string;
  messageId: string;
  body: string;
  sentAt: Date | null;
  reason: DeathReason;
  attempts: number;
  worker: string;
  firstFailedAt: Date;
  lastFailedAt: Date;
}

type Row = Omit<DeadLetter, "occurredAt" | "sentAt" | "firstFailedAt" | "lastFailedAt" | "diedAt" | "resolvedAt" | "redrive"> & {
  occurredAt: Date | null;
  sentAt: Date | null;
  firstFailedAt: Date;
  lastFailedAt: Date;
  diedAt: Date;
  resolvedAt: Date | null;
  runId: string | null;
  itemState: RedriveItemState | null;
  bouncedDeathId: string | null;
};

function toDeadLetter({ runId, itemState, bouncedDeathId, ...row }: Row): DeadLetter {
  return {
    ...row,
    occurredAt: row.occurredAt?.toISOString() ?? null,
    sentAt: row.sentAt?.toISOString() ?? null,
    firstFailedAt: row.firstFailedAt.toISOString(),
    lastFailedAt: row.lastFailedAt.toISOString(),
    diedAt: row.diedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    redrive: runId === null || itemState === null ? null : { runId, state: itemState, bouncedDeathId },
  };
}

const DEATH = Prisma.sql`id, message_id AS "messageId", reason, attempts, worker,
  first_failed_at AS "firstFailedAt", last_failed_at AS "lastFailedAt", status, dlq_message_id AS "dlqMessageId"`;

const LISTED = Prisma.sql`d.id, d.message_id AS "messageId", d.user_id AS "userId", d.activity_id AS "activityId", d.type,
  d.occurred_at AS "occurredAt", d.reason, d.error, d.attempts, d.worker, d.sent_at AS "sentAt",
  d.first_failed_at AS "firstFailedAt", d.last_failed_at AS "lastFailedAt", d.died_at AS "diedAt", d.status,
  d.resolved_at AS "resolvedAt", d.status <> 'open' AND d.swept_at IS NULL AS "awaitingSweep",
  d.redriven_from AS "redrivenFrom", r.run_id AS "runId", r.state AS "itemState", r.bounced_death_id AS "bouncedDeathId"`;

const LATEST_REDRIVE = Prisma.sql`LEFT JOIN LATERAL (
    SELECT i.run_id, i.state, i.bounced_death_id FROM redrive_item i JOIN redrive_run run ON run.id = i.run_id
    WHERE i.death_id = d.id ORDER BY run.created_at DESC, run.id DESC LIMIT 1
  ) r ON true`;

export type DeadLetterLedger = ReturnType<typeof createDeadLetterLedger>;

/**
 * The ledger of deaths: an index, with the bodies, of what the DLQ holds. All methods throw when Postgres is away.
 * Where several rows are locked the order is death, redrive_item, redrive_run.
 */
export function createDeadLetterLedger({ db, queue }: { db: PrismaClient; queue: string }) {
  /** Ends what is under way for a death, in the caller's transaction, and its run when nothing else is left in it. */
  async function resolve(tx: Prisma.TransactionClient, deathId: string, outcome: "stored" | "bounced", bouncedInto: string | null) {
    const resolved = await tx.$executeRaw`
      UPDATE death SET status = ${outcome}, resolved_at = clock_timestamp()
      WHERE id = ${deathId}::uuid AND queue = ${queue} AND status = 'open'`;
    const items = await tx.$queryRaw<{ runId: string }[]>`
      UPDATE redrive_item i SET state = ${outcome}, resolved_at = clock_timestamp(), bounced_death_id = ${bouncedInto}::uuid
      FROM redrive_run run WHERE run.id = i.run_id AND run.queue = ${queue}
        AND i.death_id = ${deathId}::uuid AND i.state IN ('pending', 'sent') RETURNING i.run_id AS "runId"`;
    const runIds = items.map((item) => item.runId);
    if (runIds.length > 0) {
      // The lock comes first, in a statement of its own: two last items that resolve at once must see each other.
      await tx.$queryRaw`SELECT id FROM redrive_run WHERE id = ANY(${runIds}::uuid[]) ORDER BY id FOR UPDATE`;
      await tx.$executeRaw`
        UPDATE redrive_run run SET state = 'finished', finished_at = clock_timestamp()
        WHERE run.id = ANY(${runIds}::uuid[]) AND run.state = 'running'
          AND NOT EXISTS (SELECT 1 FROM redrive_item i WHERE i.run_id = run.id AND i.state IN ('pending', 'sent'))`;
    }
    return resolved > 0;
  }

  async function cappedCount(selection: Prisma.Sql): Promise<CappedCount> {
    const rows = await db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM (${selection} LIMIT ${COUNT_CAP + 1}) AS counted`;
    const count = rows[0]?.count ?? 0;
    return { value: Math.min(count, COUNT_CAP), capped: count > COUNT_CAP };
  }

  return {
    /**
     * Decides a death once, whoever asks and how often: the row is written, the failing message moves into it with
     * its history, and the death it was redriven from is marked bounced, all in one transaction.
     * @returns the death as decided, by this call or an earlier one.
     */
    async decide(decision: DeathDecision): Promise<{ death: Death; decidedNow: boolean }> {
      const { userId, activityId, type, occurredAt } = bodyFacts(decision.body);
      const error = ledgerError(decision.error);
      return db.$transaction(async (tx) => {
        const decided = await tx.$queryRaw<Death[]>`
          WITH at AS (SELECT clock_timestamp() AS now),
          f AS (SELECT * FROM failing_message WHERE queue = ${queue} AND message_id = ${decision.messageId} FOR UPDATE)
          INSERT INTO death (id, queue, message_id, user_hash, user_id, activity_id, type, occurred_at, reason, error, attempts,
            worker, sent_at, first_failed_at, last_failed_at, died_at, history, body, redriven_from)
          SELECT ${randomUUID()}::uuid, ${queue}, ${decision.messageId}, ${userId === null ? null : userHash(userId)}, ${userId},
            ${activityId}, ${type}, ${occurredAt}::timestamptz, ${decision.reason}, ${error},
            greatest(coalesce(f.attempts, 0), ${decision.attempts}::int), ${decision.worker}, ${decision.sentAt}::timestamptz,
            coalesce(f.first_failed_at, at.now), coalesce(f.last_failed_at, at.now), at.now,
            CASE WHEN jsonb_array_length(coalesce(f.history, '[]')) > 0 THEN f.history ELSE jsonb_build_array(jsonb_build_object(
              'at', to_char(at.now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
              'worker', ${decision.worker}::text, 'reason', ${decision.reason}::text, 'error', ${error}::text)) END,
            ${decision.body}, ${decision.redrivenFrom}::uuid
          FROM at LEFT JOIN f ON true
          ON CONFLICT (queue, message_id) DO NOTHING
          RETURNING ${DEATH}`;
        await tx.$executeRaw`DELETE FROM failing_message WHERE queue = ${queue} AND message_id = ${decision.messageId}`;
        const [death] = decided;
        if (death !== undefined) {
          if (decision.redrivenFrom !== null) await resolve(tx, decision.redrivenFrom, "bounced", death.id);
          return { death, decidedNow: true };
        }
        const [earlier] = await tx.$queryRaw<Death[]>`
          SELECT ${DEATH} FROM death WHERE queue = ${queue} AND message_id = ${decision.messageId}`;
        if (earlier === undefined) throw new Error(`the death of message ${decision.messageId} was neither decided nor found`);
        return { death: earlier, decidedNow: false };
      });
    },

    /** Deaths among the given messages, by MessageId. */
    async deathsOf(messageIds: readonly string[]): Promise<Map<string, Death>> {
      if (messageIds.length === 0) return new Map();
      const rows = await db.$queryRaw<Death[]>`
        SELECT ${DEATH} FROM death WHERE queue = ${queue} AND message_id = ANY(${[...messageIds]}::text[])`;
      return new Map(rows.map((row) => [row.messageId, row]));
    },

    /** Deaths by their own id. */
    async byIds(ids: readonly string[]): Promise<Map<string, Death>> {
      if (ids.length === 0) return new Map();
      const rows = await db.$queryRaw<Death[]>`SELECT ${DEATH} FROM death WHERE queue = ${queue} AND id = ANY(${[...ids]}::uuid[])`;
      return new Map(rows.map((row) => [row.id, row]));
    },

    /** Records which message in the DLQ is the copy of a death; the first one recorded stays. */
    async recordCopy({ id, dlqMessageId }: { id: string; dlqMessageId: string }): Promise<void> {
      await db.$executeRaw`
        UPDATE death SET dlq_message_id = ${dlqMessageId} WHERE id = ${id}::uuid AND queue = ${queue} AND dlq_message_id IS NULL`;
    },

    /**
     * Files a dead letter that stands in the DLQ under an id of its own and that the ledger does not know.
     * @returns "filed", or "known" when a row speaks of it after all.
     */
    async file(found: FoundDeath): Promise<"filed" | "known"> {
      const { userId, activityId, type, occurredAt } = bodyFacts(found.body);
      const filed = await db.$executeRaw`
        INSERT INTO death (id, queue, message_id, user_hash, user_id, activity_id, type, occurred_at, reason, error, attempts,
          worker, sent_at, first_failed_at, last_failed_at, died_at, body, dlq_message_id)
        VALUES (${found.id}::uuid, ${queue}, ${found.messageId}, ${userId === null ? null : userHash(userId)}, ${userId}, ${activityId},
          ${type}, ${occurredAt}::timestamptz, ${found.reason}, 'found in the dead-letter queue; its error was not in the ledger',
          ${found.attempts}::int, ${found.worker}, ${found.sentAt}::timestamptz, ${found.firstFailedAt}::timestamptz,
          ${found.lastFailedAt}::timestamptz, clock_timestamp(), ${found.body}, ${found.messageId})
        ON CONFLICT DO NOTHING`;
      return filed > 0 ? "filed" : "known";
    },

    /**
     * A redriven message was stored: its death is resolved and its item in the run too, in one transaction.
     * @returns "resolved", or "unchanged" when it was resolved before or is not in the ledger.
     */
    async resolveStored(deathId: string): Promise<"resolved" | "unchanged"> {
      return db.$transaction(async (tx) => ((await resolve(tx, deathId, "stored", null)) ? "resolved" : "unchanged"));
    },

    /** Whether resolved deaths still have their copy in the DLQ, as far as known. Cheap: read every second or so. */
    async unswept(): Promise<{ latestResolvedAt: Date | null }> {
      const rows = await db.$queryRaw<{ latest: Date | null }[]>`
        SELECT max(resolved_at) AS latest FROM death WHERE queue = ${queue} AND status <> 'open' AND swept_at IS NULL`;
      return { latestResolvedAt: rows[0]?.latest ?? null };
    },

    /** Notes that the DLQ no longer holds the copies of these resolved deaths. */
    async markSwept(ids: readonly string[]): Promise<void> {
      if (ids.length === 0) return;
      await db.$executeRaw`
        UPDATE death SET swept_at = clock_timestamp()
        WHERE queue = ${queue} AND id = ANY(${[...ids]}::uuid[]) AND status <> 'open' AND swept_at IS NULL`;
    },

    /**
     * Notes as swept what a whole walk of the DLQ did not find: resolved longer ago than a copy can be hidden.
     * @param hiddenSeconds longest time that an earlier walk may hide a copy. @returns how many.
     */
    async markVanished({ hiddenSeconds }: { hiddenSeconds: number }): Promise<number> {
      return db.$executeRaw`
        UPDATE death SET swept_at = clock_timestamp()
        WHERE queue = ${queue} AND status <> 'open' AND swept_at IS NULL
          AND resolved_at < clock_timestamp() - ${hiddenSeconds} * interval '1 second'`;
    },

    /** A page of deaths, the newest first, by keyset: new deaths neither repeat nor skip a row. */
    async page({
      status,
      user,
      after,
      limit,
    }: {
      status: DeathStatus | null;
      user: string | null;
      after: LedgerPosition | null;
      limit: number;
    }): Promise<DeadLetter[]> {
      const where = [
        Prisma.sql`d.queue = ${queue}`,
        ...(status === null ? [] : [Prisma.sql`d.status = ${status}`]),
        ...(user === null ? [] : [Prisma.sql`d.user_id = ${user}`]),
        ...(after === null ? [] : [Prisma.sql`(d.died_at, d.id) < (${after.diedAt}::timestamptz, ${after.id}::uuid)`]),
      ];
      const rows = await db.$queryRaw<Row[]>`
        SELECT ${LISTED} FROM (
          SELECT * FROM death d WHERE ${Prisma.join(where, " AND ")} ORDER BY d.died_at DESC, d.id DESC LIMIT ${limit}
        ) d ${LATEST_REDRIVE} ORDER BY d.died_at DESC, d.id DESC`;
      return rows.map(toDeadLetter);
    },

    /** One death with its body and history; null when there is none. */
    async detail(id: string): Promise<(DeadLetter & { body: string; history: Attempt[] }) | null> {
      const rows = await db.$queryRaw<(Row & { body: string; history: Attempt[] })[]>`
        SELECT ${LISTED}, d.body, d.history FROM death d ${LATEST_REDRIVE} WHERE d.queue = ${queue} AND d.id = ${id}::uuid`;
      const [row] = rows;
      if (row === undefined) return null;
      const { body, history, ...listed } = row;
      return { ...toDeadLetter(listed), body, history };
    },

    /** Messages with at least one counted attempt, the latest failure first. */
    async failing({ limit }: { limit: number }): Promise<FailingMessage[]> {
      const rows = await db.$queryRaw<
        (Omit<FailingMessage, "firstFailedAt" | "lastFailedAt"> & { firstFailedAt: Date | null; lastFailedAt: Date | null })[]
      >`
        SELECT message_id AS "messageId", user_id AS "userId", activity_id AS "activityId", type, attempts,
          first_failed_at AS "firstFailedAt", last_failed_at AS "lastFailedAt", history -> -1 ->> 'error' AS "lastError"
        FROM failing_message WHERE queue = ${queue} AND attempts > 0
        ORDER BY updated_at DESC LIMIT ${limit}`;
      return rows.map((row) =>
        Object.assign(row, {
          firstFailedAt: row.firstFailedAt?.toISOString() ?? null,
          lastFailedAt: row.lastFailedAt?.toISOString() ?? null,
        }),
      );
    },

    /** Counts that stop at 10,000. */
    async counts(): Promise<{ open: CappedCount; awaitingSweep: CappedCount; failing: CappedCount }> {
      const [open, awaitingSweep, failing] = await Promise.all([
        cappedCount(Prisma.sql`SELECT 1 FROM death WHERE queue = ${queue} AND status = 'open'`),
        cappedCount(Prisma.sql`SELECT 1 FROM death WHERE queue = ${queue} AND status <> 'open' AND swept_at IS NULL`),
        cappedCount(Prisma.sql`SELECT 1 FROM failing_message WHERE queue = ${queue} AND attempts > 0`),
      ]);
      return { open, awaitingSweep, failing };
    },
  };
}
