import type { ProgressRow } from "#lib/gateways/user-progress.ts";

/** What was not reported is unknown, never zero. */
export type Known<T> =
  | { state: "known"; value: T }
  /** `not_reported`: nobody ever told, or not for long. `reports_lost`: something was told that never arrived. */
  | { state: "unknown"; why: "not_reported" | "reports_lost" };

/** What is known of a user of whom something was told. Counts are as told; times are SQS's, or PostgreSQL's. */
export interface UserProgressFigures {
  /** Hash of the user id; the id itself is not known here. */
  userHash: string;
  waiting: Known<number>;
  /** About when the oldest that waits was accepted; null when nothing waits. */
  waitingSince: Known<Date | null>;
  /** All that the queue took before it is stored or dead. */
  completeThrough: Known<Date>;
  /** Over about the last minute. */
  arrivalPerSecond: number;
  passingPerSecond: number;
  counts: { accepted: number; passed: number; stored: number; failedAttempts: number; dead: number };
  lastAcceptedAt: Date | null;
}

/** How much later than a loss something must have been told for the loss to be of no weight for it, milliseconds. */
const LOSS_MARGIN_MS = 60_000;
const NOT_REPORTED = { state: "unknown", why: "not_reported" } as const;

/**
 * Reads a row as honestly as it allows.
 * @param lostAt when reports were last lost; what waits is known again once something accepted after it has passed.
 */
export function figuresOf(row: ProgressRow, lostAt: Date | null): UserProgressFigures {
  const settled = lostAt === null || (row.settledAt !== null && row.settledAt.getTime() > lostAt.getTime() + LOSS_MARGIN_MS);
  const known = <T>(value: T): Known<T> => (settled ? { state: "known", value } : { state: "unknown", why: "reports_lost" });
  const accepted = row.acceptedReportedAt !== null;
  // What passed last was all there was before it: the oldest that waits came after.
  const since = row.waiting === 0 || row.waitingSince === null ? null : new Date(Math.max(row.waitingSince.getTime(), row.passedAt?.getTime() ?? 0));
  return {
    userHash: row.userHash,
    waiting: accepted ? known(row.waiting) : NOT_REPORTED,
    waitingSince: accepted ? known(since) : NOT_REPORTED,
    completeThrough: row.passedAt === null ? NOT_REPORTED : { state: "known", value: row.passedAt },
    arrivalPerSecond: row.arrivalPerSecond,
    passingPerSecond: row.passingPerSecond,
    counts: { accepted: row.acceptedCount, passed: row.passedCount, stored: row.storedCount, failedAttempts: row.failedCount, dead: row.deadCount },
    lastAcceptedAt: row.acceptedAt,
  };
}
