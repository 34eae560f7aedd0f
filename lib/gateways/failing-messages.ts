import type { Attempt, DeathReason } from "#lib/contracts/dead-letters.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { bodyFacts } from "#lib/domain/body-facts.ts";
import { ledgerError } from "#lib/domain/ledger-text.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** Attempts a history keeps, the latest ones; the count goes on past it. */
const HISTORY_ATTEMPTS = 20;

/** Longest retention SQS knows is 14 days: a row untouched for longer speaks of a message that is gone. */
const FORGET_AFTER_DAYS = 15;

/** A message as the ledger needs to see it. */
export interface FailedMessage {
  messageId: string;
  body: string;
}

export interface StartedHandling {
  /** Marks on the message, this one included: handlings that were started and never ended, and this one. */
  marks: number;
  /** This handling must run with nothing else in the process. */
  alone: boolean;
  /** Attempts counted so far, a mark left while alone included. */
  attempts: number;
  /** The last counted attempt, if any. */
  last: Attempt | null;
}

export type FailingMessages = ReturnType<typeof createFailingMessages>;

/** Messages that fail and are not dead: attempts counted by SQS MessageId, each act one statement. */
export function createFailingMessages({ db, queue }: { db: PrismaClient; queue: string }) {
  /** One history entry, timed by the database: hosts' clocks may be minutes apart. */
  const entry = (worker: Prisma.Sql, reason: DeathReason, error: string) => Prisma.sql`jsonb_build_array(jsonb_build_object(
    'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'worker', ${worker}, 'reason', ${reason}::text, 'error', ${error}::text))`;
  const appended = (added: Prisma.Sql) => Prisma.sql`
    (CASE WHEN jsonb_array_length(f.history) >= ${HISTORY_ATTEMPTS} THEN f.history - 0 ELSE f.history END) || ${added}`;
  const facts = ({ messageId, body }: FailedMessage) => {
    const { userId, activityId, type } = bodyFacts(body);
    return Prisma.sql`${queue}, ${messageId}, ${userId === null ? null : userHash(userId)}, ${userId}, ${activityId}, ${type}`;
  };

  return {
    /**
     * Leaves a mark before a redelivered message is handled. A mark found that was left while alone is counted as
     * an attempt: that handling killed its process.
     * @param aloneFromMarks marks from which a handling must run alone.
     */
    async start(message: FailedMessage, { worker, aloneFromMarks }: { worker: string; aloneFromMarks: number }): Promise<StartedHandling> {
      const killed = entry(Prisma.sql`f.alone_mark_by`, "process_killer", "the process died while it handled this message alone");
      const rows = await db.$queryRaw<{ marks: number; alone: boolean; attempts: number; last: Attempt | null }[]>`
        INSERT INTO failing_message AS f (queue, message_id, user_hash, user_id, activity_id, type, start_marks, alone_mark_by, updated_at)
        VALUES (${facts(message)}, 1, CASE WHEN 1 >= ${aloneFromMarks}::int THEN ${worker}::text END, clock_timestamp())
        ON CONFLICT (queue, message_id) DO UPDATE SET
          attempts = f.attempts + CASE WHEN f.alone_mark_by IS NULL THEN 0 ELSE 1 END,
          history = CASE WHEN f.alone_mark_by IS NULL THEN f.history ELSE ${appended(killed)} END,
          first_failed_at = CASE WHEN f.alone_mark_by IS NULL THEN f.first_failed_at ELSE coalesce(f.first_failed_at, clock_timestamp()) END,
          last_failed_at = CASE WHEN f.alone_mark_by IS NULL THEN f.last_failed_at ELSE clock_timestamp() END,
          start_marks = f.start_marks + 1,
          alone_mark_by = CASE WHEN f.start_marks + 1 >= ${aloneFromMarks}::int THEN ${worker}::text END,
          updated_at = clock_timestamp()
        RETURNING start_marks AS marks, alone_mark_by IS NOT NULL AS alone, attempts, history -> -1 AS last`;
      const [row] = rows;
      if (row === undefined) throw new Error("Postgres returned no row for a start mark");
      return row;
    },

    /**
     * Counts one failed attempt and takes the marks away.
     * @returns attempts so far; null when the message is dead already, and nothing was counted.
     */
    async fail(
      message: FailedMessage,
      { worker, reason, error }: { worker: string; reason: DeathReason; error: string },
    ): Promise<{ attempts: number } | null> {
      const added = entry(Prisma.sql`${worker}::text`, reason, ledgerError(error));
      const rows = await db.$queryRaw<{ attempts: number }[]>`
        INSERT INTO failing_message AS f
          (queue, message_id, user_hash, user_id, activity_id, type, attempts, history, first_failed_at, last_failed_at, updated_at)
        SELECT ${facts(message)}, 1, ${added}, clock_timestamp(), clock_timestamp(), clock_timestamp()
        WHERE NOT EXISTS (SELECT 1 FROM death WHERE queue = ${queue} AND message_id = ${message.messageId})
        ON CONFLICT (queue, message_id) DO UPDATE SET
          user_hash = excluded.user_hash, user_id = excluded.user_id, activity_id = excluded.activity_id, type = excluded.type,
          attempts = f.attempts + 1,
          history = ${appended(Prisma.sql`excluded.history`)},
          first_failed_at = coalesce(f.first_failed_at, clock_timestamp()),
          last_failed_at = clock_timestamp(),
          start_marks = 0, alone_mark_by = NULL,
          updated_at = clock_timestamp()
        RETURNING attempts`;
      return rows[0] ?? null;
    },

    /** Marks on messages that have any, by MessageId. */
    async marksOf(messageIds: readonly string[]): Promise<Map<string, number>> {
      if (messageIds.length === 0) return new Map();
      const rows = await db.$queryRaw<{ messageId: string; marks: number }[]>`
        SELECT message_id AS "messageId", start_marks AS marks FROM failing_message
        WHERE queue = ${queue} AND message_id = ANY(${[...messageIds]}::text[]) AND start_marks > 0`;
      return new Map(rows.map((row) => [row.messageId, row.marks]));
    },

    /** Attempts counted so far; 0 for a message that never failed. */
    async attempts(messageId: string): Promise<number> {
      const rows = await db.$queryRaw<{ attempts: number }[]>`
        SELECT attempts FROM failing_message WHERE queue = ${queue} AND message_id = ${messageId}`;
      return rows[0]?.attempts ?? 0;
    },

    /** Forgets messages that were stored. */
    async clear(messageIds: readonly string[]): Promise<void> {
      if (messageIds.length === 0) return;
      await db.$executeRaw`DELETE FROM failing_message WHERE queue = ${queue} AND message_id = ANY(${[...messageIds]}::text[])`;
    },

    /** Takes the marks of handlings away that ended without success or failure; attempts stay. */
    async unmark(messageIds: readonly string[]): Promise<void> {
      if (messageIds.length === 0) return;
      await db.$executeRaw`
        WITH marked AS (
          SELECT message_id, attempts FROM failing_message
          WHERE queue = ${queue} AND message_id = ANY(${[...messageIds]}::text[]) ORDER BY message_id FOR UPDATE
        ), never_failed AS (
          DELETE FROM failing_message f USING marked m WHERE f.queue = ${queue} AND f.message_id = m.message_id AND m.attempts = 0
        )
        UPDATE failing_message f SET start_marks = 0, alone_mark_by = NULL, updated_at = clock_timestamp()
        FROM marked m WHERE f.queue = ${queue} AND f.message_id = m.message_id AND m.attempts > 0`;
    },

    /** Forgets rows of messages that no queue can hold any more. @returns how many. */
    async prune(): Promise<number> {
      return db.$executeRaw`
        DELETE FROM failing_message WHERE queue = ${queue} AND updated_at < clock_timestamp() - ${FORGET_AFTER_DAYS} * interval '1 day'`;
    },
  };
}
