import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** A process that has not reported for this long, and did not say that it ended, may have ended with reports unsent. */
const SILENT_SECONDS = 20;
/** For how long after its last report such a process may have gone on. */
const SILENT_LOSS_SECONDS = 300;

/** What makes a report count once, however often it is sent. */
export interface ReportHeader {
  /** Unique per process start. */
  writer: string;
  /** Counts this process's reports; one that is not above the last is not counted again. */
  flush: number;
  /** Users whose facts could not be kept since the last report. */
  lost: number;
  /** The process ends with nothing left to report. */
  ended: boolean;
}

/** Accepted of one user since the last report. */
export interface AcceptedReport {
  userHash: string;
  /** The latest SequenceNumber. */
  sequence: string;
  /** The latest `acceptedAt`. */
  at: Date;
  count: number;
}

/** What workers did for one user since the last report. */
export interface PassedReport {
  userHash: string;
  /** The latest message with nothing before it that is not stored or dead, and its SentTimestamp; null when none passed. */
  through: { sequence: string; sentAt: Date } | null;
  /** Messages that left the queue, but for redriven ones, which nobody has counted in. */
  passed: number;
  stored: number;
  /** Failed attempts. */
  failed: number;
  dead: number;
}

/** A row as it stands. Counts are as reported; `Reported` times are by the database's clock. */
export interface ProgressRow {
  userHash: string;
  acceptedSequence: string | null;
  acceptedAt: Date | null;
  acceptedCount: number;
  acceptedReportedAt: Date | null;
  passedSequence: string | null;
  passedAt: Date | null;
  passedCount: number;
  passedReportedAt: Date | null;
  storedCount: number;
  failedCount: number;
  deadCount: number;
  waiting: number;
  waitingSince: Date | null;
  settledAt: Date | null;
  /** Over about the last minute. */
  arrivalPerSecond: number;
  passingPerSecond: number;
}

/** A user of whom much waits. */
export interface WaitingUser {
  userHash: string;
  waiting: number;
  /** Over about the last minute. */
  passingPerSecond: number;
  /** Since a pass was last reported; null when none ever was. */
  passedAgoMs: number | null;
}

export type UserProgress = ReturnType<typeof createUserProgress>;

const ROW = Prisma.sql`user_hash AS "userHash", accepted_seq::text AS "acceptedSequence", accepted_at AS "acceptedAt", accepted_count::float8 AS "acceptedCount",
  accepted_reported_at AS "acceptedReportedAt", passed_seq::text AS "passedSequence", passed_at AS "passedAt", passed_count::float8 AS "passedCount",
  passed_reported_at AS "passedReportedAt", stored_count::float8 AS "storedCount", failed_count::float8 AS "failedCount", dead_count::float8 AS "deadCount",
  waiting::float8 AS waiting, waiting_since AS "waitingSince", settled_at AS "settledAt",
  progress_faded(arrival_score, now()) / 60 AS "arrivalPerSecond", progress_faded(passing_score, now()) / 60 AS "passingPerSecond"`;

/**
 * A column of many rows as one text: Prisma takes four times as long over an array, and keeps the memory. No value of
 * ours holds a space, nor may a MessageGroupId.
 */
function list<Row>(rows: readonly Row[], of: (row: Row) => string | number | undefined): Prisma.Sql {
  return Prisma.sql`string_to_array(${rows.map((row) => of(row) ?? "").join(" ")}, ' ', '')`;
}

/**
 * What is known of each user without scanning the queue. Both reports are one statement each: rows are locked in the
 * order of their keys, so reporters never wait for each other in a circle; sequence numbers and times only grow, in
 * whatever order reports arrive.
 */
export function createUserProgress({ db, queue }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw">; queue: string }) {
  /** Holds the writer's row; gives one row when this report is new, else none. */
  const fresh = ({ writer, flush, lost, ended }: ReportHeader) => Prisma.sql`
    fresh AS (
      INSERT INTO progress_writer AS w (queue, writer, flush, reported_at, ended_at, lost_count, lost_at)
      VALUES (${queue}, ${writer}, ${flush}::bigint, now(), CASE WHEN ${ended} THEN now() END, ${lost}::bigint, CASE WHEN ${lost}::bigint > 0 THEN now() END)
      ON CONFLICT (queue, writer) DO UPDATE SET flush = excluded.flush, reported_at = excluded.reported_at, ended_at = excluded.ended_at,
        lost_count = w.lost_count + excluded.lost_count, lost_at = coalesce(excluded.lost_at, w.lost_at)
      WHERE w.flush < excluded.flush
      RETURNING 1)`;

  return {
    /** Adds what a public API process accepted; at most one row per user. */
    async reportAccepted(header: ReportHeader, rows: readonly AcceptedReport[]): Promise<void> {
      await db.$executeRaw`
        WITH ${fresh(header)}
        INSERT INTO user_progress AS p (queue, user_hash, accepted_seq, accepted_at, accepted_count, accepted_reported_at, balance, waiting_since, arrival_score)
        SELECT ${queue}, t.user_hash, t.seq, t.at, t.count, now(), t.count, now(), progress_score(t.count, now())
        FROM fresh, unnest(${list(rows, ({ userHash }) => userHash)}, ${list(rows, ({ sequence }) => sequence)}::numeric[],
          ${list(rows, ({ at }) => at.toISOString())}::timestamptz[], ${list(rows, ({ count }) => count)}::bigint[]) AS t (user_hash, seq, at, count)
        ORDER BY t.user_hash COLLATE "C"
        ON CONFLICT (queue, user_hash) DO UPDATE SET
          accepted_seq = greatest(p.accepted_seq, excluded.accepted_seq), accepted_at = greatest(p.accepted_at, excluded.accepted_at),
          accepted_count = p.accepted_count + excluded.accepted_count, accepted_reported_at = excluded.accepted_reported_at,
          arrival_score = progress_scores_added(p.arrival_score, excluded.arrival_score),
          balance = CASE WHEN greatest(p.accepted_seq, excluded.accepted_seq) > coalesce(p.passed_seq, 0) THEN p.balance + excluded.accepted_count
            ELSE progress_settled(p.balance + excluded.accepted_count, p.passing_score, now()) END,
          waiting_since = CASE WHEN greatest(p.accepted_seq, excluded.accepted_seq) > coalesce(p.passed_seq, 0) THEN coalesce(p.waiting_since, excluded.waiting_since) END,
          settled_at = CASE WHEN greatest(p.accepted_seq, excluded.accepted_seq) > coalesce(p.passed_seq, 0) THEN p.settled_at ELSE excluded.accepted_reported_at END`;
    },

    /** Adds what a worker passed; at most one row per user. */
    async reportPassed(header: ReportHeader, rows: readonly PassedReport[]): Promise<void> {
      await db.$executeRaw`
        WITH ${fresh(header)}
        INSERT INTO user_progress AS p (queue, user_hash, passed_seq, passed_at, passed_count, passed_reported_at, stored_count, failed_count, dead_count, balance, passing_score)
        SELECT ${queue}, t.user_hash, t.seq, t.at, t.passed, now(), t.stored, t.failed, t.dead, -t.passed, progress_score(t.passed, now())
        FROM fresh, unnest(${list(rows, ({ userHash }) => userHash)}, ${list(rows, ({ through }) => through?.sequence)}::numeric[],
          ${list(rows, ({ through }) => through?.sentAt.toISOString())}::timestamptz[], ${list(rows, (row) => row.passed)}::bigint[],
          ${list(rows, ({ stored }) => stored)}::bigint[], ${list(rows, ({ failed }) => failed)}::bigint[], ${list(rows, ({ dead }) => dead)}::bigint[])
          AS t (user_hash, seq, at, passed, stored, failed, dead)
        ORDER BY t.user_hash COLLATE "C"
        ON CONFLICT (queue, user_hash) DO UPDATE SET
          passed_seq = greatest(p.passed_seq, excluded.passed_seq), passed_at = greatest(p.passed_at, excluded.passed_at),
          passed_count = p.passed_count + excluded.passed_count, passed_reported_at = excluded.passed_reported_at,
          stored_count = p.stored_count + excluded.stored_count, failed_count = p.failed_count + excluded.failed_count, dead_count = p.dead_count + excluded.dead_count,
          passing_score = progress_scores_added(p.passing_score, excluded.passing_score),
          balance = CASE WHEN p.accepted_seq > coalesce(greatest(p.passed_seq, excluded.passed_seq), 0) THEN p.balance - excluded.passed_count
            ELSE progress_settled(p.balance - excluded.passed_count, progress_scores_added(p.passing_score, excluded.passing_score), now()) END,
          waiting_since = CASE WHEN p.accepted_seq > coalesce(greatest(p.passed_seq, excluded.passed_seq), 0) THEN p.waiting_since END,
          settled_at = CASE WHEN p.accepted_seq > coalesce(greatest(p.passed_seq, excluded.passed_seq), 0) THEN p.settled_at ELSE p.accepted_reported_at END`;
    },

    /** Users of whom at least so much waits, most first. */
    async waitingAtLeast({ waiting, limit }: { waiting: number; limit: number }): Promise<WaitingUser[]> {
      return db.$queryRaw`
        SELECT user_hash AS "userHash", waiting::float8 AS waiting, progress_faded(passing_score, now()) / 60 AS "passingPerSecond",
          extract(epoch FROM now() - passed_reported_at)::float8 * 1000 AS "passedAgoMs"
        FROM user_progress WHERE queue = ${queue} AND waiting > 0 AND waiting >= ${waiting}::bigint ORDER BY waiting DESC LIMIT ${limit}`;
    },

    /** The first by what waits, or by what arrived over about the last minute. */
    async top({ by, limit }: { by: "backlog" | "arrival"; limit: number }): Promise<ProgressRow[]> {
      return by === "backlog"
        ? db.$queryRaw`SELECT ${ROW} FROM user_progress WHERE queue = ${queue} AND waiting > 0 ORDER BY waiting DESC LIMIT ${limit}`
        : db.$queryRaw`SELECT ${ROW} FROM user_progress WHERE queue = ${queue} AND arrival_score IS NOT NULL ORDER BY arrival_score DESC LIMIT ${limit}`;
    },

    /** One user's row, or null when nothing was ever reported of them, or not for long. */
    async ofUser(userHash: string): Promise<ProgressRow | null> {
      const [row] = await db.$queryRaw<ProgressRow[]>`SELECT ${ROW} FROM user_progress WHERE queue = ${queue} AND user_hash = ${userHash}`;
      return row ?? null;
    },

    /**
     * When reports were last lost: dropped by a process that could not keep them, or gone with one that went silent.
     * @returns null when none were, as far as is known.
     */
    async lostAt(): Promise<Date | null> {
      const [row] = await db.$queryRaw<{ at: Date | null }[]>`
        SELECT max(greatest(lost_at, CASE WHEN ended_at IS NULL AND reported_at < now() - make_interval(secs => ${SILENT_SECONDS}::float8)
          THEN least(now(), reported_at + make_interval(secs => ${SILENT_LOSS_SECONDS}::float8)) END)) AS at
        FROM progress_writer WHERE queue = ${queue}`;
      return row?.at ?? null;
    },

    /** The database's time, and whether there is anything that an empty queue would heal. */
    async toHeal(): Promise<{ at: Date; any: boolean }> {
      const [row] = await db.$queryRaw<{ at: Date; any: boolean }[]>`
        SELECT clock_timestamp() AS at, EXISTS (SELECT FROM user_progress WHERE queue = ${queue} AND waiting > 0)
          OR EXISTS (SELECT FROM progress_writer WHERE queue = ${queue} AND (lost_at IS NOT NULL OR ended_at IS NULL AND reported_at < now() - make_interval(secs => ${SILENT_SECONDS}::float8))) AS any`;
      if (!row) throw new Error("the database told no time");
      return row;
    },

    /**
     * Takes for passed what was reported as accepted before then: the queue was empty after it. What was reported later
     * stays as it is, whatever the clocks of the public API say.
     * @param before by the database's clock.
     * @returns how many users were healed, at most `limit`.
     */
    async heal({ before, limit }: { before: Date; limit: number }): Promise<number> {
      return db.$executeRaw`
        WITH due AS (
          SELECT user_hash FROM user_progress WHERE queue = ${queue} AND waiting > 0 AND accepted_reported_at < ${before}
          ORDER BY user_hash COLLATE "C" LIMIT ${limit} FOR UPDATE)
        UPDATE user_progress AS p SET passed_seq = p.accepted_seq, passed_at = greatest(p.passed_at, least(p.accepted_at, ${before})),
          balance = 0, waiting_since = NULL, settled_at = ${before}
        FROM due WHERE p.queue = ${queue} AND p.user_hash = due.user_hash`;
    },

    /** Forgets the losses before then, and who told of them and is gone: the queue was empty after it. */
    async healLosses({ before }: { before: Date }): Promise<void> {
      await db.$executeRaw`DELETE FROM progress_writer WHERE queue = ${queue} AND coalesce(lost_at, reported_at) < ${before}
        AND coalesce(ended_at, reported_at + make_interval(secs => ${SILENT_LOSS_SECONDS}::float8)) < ${before}`;
      await db.$executeRaw`UPDATE progress_writer SET lost_at = NULL WHERE queue = ${queue} AND lost_at < ${before}`;
    },

    /**
     * Looks at `limit` rows from `after` on, in the order of the primary key, and removes those of which nothing was
     * reported for so long.
     * @returns where to go on, or null when that was the end.
     */
    async prune({ olderThanSeconds, after, limit }: { olderThanSeconds: number; after: string; limit: number }): Promise<{ removed: number; next: string | null }> {
      const [row] = await db.$queryRaw<{ removed: number; seen: number; last: string | null }[]>`
        WITH slice AS (
          SELECT user_hash, greatest(accepted_reported_at, passed_reported_at) AS at FROM user_progress
          WHERE queue = ${queue} AND user_hash > ${after} ORDER BY user_hash LIMIT ${limit}),
        old AS (
          SELECT user_hash FROM user_progress WHERE queue = ${queue}
            AND user_hash IN (SELECT user_hash FROM slice WHERE at < now() - make_interval(secs => ${olderThanSeconds}::float8))
            -- Asked again of the row as locked: a report may have come since the slice was read.
            AND greatest(accepted_reported_at, passed_reported_at) < now() - make_interval(secs => ${olderThanSeconds}::float8) FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM user_progress WHERE queue = ${queue} AND user_hash IN (SELECT user_hash FROM old) RETURNING 1)
        SELECT (SELECT count(*) FROM gone)::int AS removed, (SELECT count(*) FROM slice)::int AS seen, (SELECT max(user_hash) FROM slice) AS last`;
      if (!row || row.last === null || row.seen < limit) await pruneWriters(olderThanSeconds);
      return { removed: row?.removed ?? 0, next: !row || row.seen < limit ? null : row.last };
    },
  };

  async function pruneWriters(olderThanSeconds: number): Promise<void> {
    await db.$executeRaw`DELETE FROM progress_writer WHERE queue = ${queue} AND reported_at < now() - make_interval(secs => ${olderThanSeconds}::float8)`;
  }
}
