import { createReportBuffer, isLater, overCapRetrySeconds, tellable } from "#lib/domain/user-progress.ts";
import type { UserProgress, WaitingUser } from "#lib/gateways/user-progress.ts";
import type { SendVerdict } from "./ingest-batcher.ts";

/** Pause between two reports, each followed by a look at who is near the cap. */
export const PROGRESS_EVERY_MS = 1_000;
/** How long the last look binds while PostgreSQL does not answer; then nobody is over the cap. */
export const CAP_KNOWN_MS = 60_000;
/** Users of whom something is kept while PostgreSQL is away, some 300 bytes each. */
const MAX_USERS = 20_000;
const BATCH_USERS = 2_000;
/** Users that are known of at once, those with most waiting, and from what part of the cap on. Others count from 0. */
const WATCHED_USERS = 1_000;
const WATCHED_FROM = 0.1;
/**
 * Of a user over the cap for whom no pass was told for this long, one activity is let in as often: when it passes, all
 * before it has, whatever reports were lost.
 */
const PROBE_EVERY_MS = 60_000;

interface AcceptedUser {
  userHash: string;
  sequence: string;
  atMs: number;
  count: number;
}

/** A user for whom as much waits as may. */
export interface OverCap {
  retryAfterSeconds: number;
}

export interface ProgressEvent {
  event: "user_progress_unsaved" | "user_progress_saved_again";
  error?: string;
}

/** What ingest tells of each user, and asks. */
export interface IngestProgress {
  /** Asked for each activity before it is sent; one that is let in is told of once more, by `ended`. */
  admit(userHash: string): OverCap | null;
  /** What became of an activity that was let in; of one user's in the order in which the queue took them. */
  ended(userHash: string, verdict: SendVerdict, acceptedAtMs: number): void;
}

/**
 * Tells PostgreSQL each second what was accepted of whom, and holds each user to what may wait for them. What waits is
 * what PostgreSQL knew at the last look and what this process has taken since, so an answer costs no query; what other
 * processes took since is not in it. Ingest never waits for any of this.
 *
 * @param cap activities that may wait for one user; 0 = any number.
 * @param writer unique per process start.
 * @param now monotonic milliseconds.
 */
export function createIngestProgress({
  store,
  cap,
  writer,
  now,
  report,
}: {
  store: Pick<UserProgress, "reportAccepted" | "waitingAtLeast">;
  cap: number;
  writer: string;
  now: () => number;
  report: (event: ProgressEvent) => void;
}) {
  const buffer = createReportBuffer<AcceptedUser>({ maxUsers: MAX_USERS, batchUsers: BATCH_USERS });
  /** Of the last look. */
  let watched: ReadonlyMap<string, WaitingUser> = new Map();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Let in and without a verdict. */
  const underWay = new Map<string, number>();
  /** Accepted since the last report, and before it since the last look that came back. */
  let since = new Map<string, number>();
  let before = new Map<string, number>();
  /** When a user over the cap was let in last, or refused first. */
  const probedAtMs = new Map<string, number>();
  let failing = false;
  let cycling: Promise<void> | null = null;

  const add = (counts: Map<string, number>, userHash: string, count: number) => {
    const known = counts.get(userHash);
    // Who comes late into a full map is not who runs wild.
    if (known !== undefined || counts.size < MAX_USERS) counts.set(userHash, (known ?? 0) + count);
  };
  const isKnown = () => cap > 0 && now() - lookedAtMs <= CAP_KNOWN_MS;

  /** Whether to let one in though the user is over the cap. */
  function probes(user: WaitingUser): boolean {
    const nowMs = now();
    const lastMs = probedAtMs.get(user.userHash);
    if (lastMs !== undefined && nowMs - lastMs < PROBE_EVERY_MS) return false;
    if (user.passedAgoMs !== null && user.passedAgoMs + nowMs - lookedAtMs < PROBE_EVERY_MS) return false;
    probedAtMs.set(user.userHash, nowMs);
    return lastMs !== undefined;
  }

  async function look(startedMs: number): Promise<void> {
    if (cap === 0) return;
    const users = await store.waitingAtLeast({ waiting: Math.ceil(cap * WATCHED_FROM), limit: WATCHED_USERS });
    watched = new Map(users.map((user) => [user.userHash, user]));
    before = new Map();
    lookedAtMs = startedMs;
    for (const userHash of probedAtMs.keys()) if (!watched.has(userHash)) probedAtMs.delete(userHash);
  }

  async function cycle(final: boolean): Promise<void> {
    const startedMs = now();
    if (isKnown()) for (const [userHash, count] of since) add(before, userHash, count);
    else before = new Map();
    since = new Map();
    try {
      await buffer.flush({
        report: ({ rows, ...header }) => store.reportAccepted({ writer, ...header }, rows.map(({ atMs, ...row }) => ({ ...row, at: new Date(atMs) }))),
        nowMs: startedMs,
        final,
      });
      if (!final) await look(startedMs);
      if (failing) report({ event: "user_progress_saved_again" });
      failing = false;
    } catch (cause) {
      // Prisma's messages run over several lines and say what is wrong in the last.
      const message = cause instanceof Error ? cause.message : String(cause);
      if (!failing) report({ event: "user_progress_unsaved", error: message.trim().split("\n").at(-1) ?? message });
      failing = true;
    }
  }

  function admit(userHash: string): OverCap | null {
    if (!isKnown()) {
      if (cap > 0) add(underWay, userHash, 1);
      return null;
    }
    const user = watched.get(userHash);
    const waiting = (user?.waiting ?? 0) + (before.get(userHash) ?? 0) + (since.get(userHash) ?? 0) + (underWay.get(userHash) ?? 0);
    if (waiting >= cap && !(user && probes(user))) {
      return { retryAfterSeconds: overCapRetrySeconds({ waiting, cap, passingPerSecond: user?.passingPerSecond ?? 0 }) };
    }
    add(underWay, userHash, 1);
    return null;
  }

  function ended(userHash: string, verdict: SendVerdict, acceptedAtMs: number): void {
    const left = (underWay.get(userHash) ?? 0) - 1;
    if (left > 0) underWay.set(userHash, left);
    else underWay.delete(userHash);
    if (verdict.status !== "accepted") return;
    const { sequenceNumber: sequence } = verdict;
    if (!tellable(userHash, sequence)) {
      buffer.lose();
      return;
    }
    const row = buffer.row(userHash, () => ({ userHash, sequence: "0", atMs: acceptedAtMs, count: 0 }));
    // SQS answers a repeat of an activity with the number that it had: it does not wait twice.
    if (row && !isLater(sequence, row.sequence)) return;
    if (isKnown()) add(since, userHash, 1);
    if (!row) return;
    row.sequence = sequence;
    row.atMs = Math.max(row.atMs, acceptedAtMs);
    row.count += 1;
  }

  /**
   * Reports and looks, once; nothing while the last time has not ended. Never rejects.
   * @param final everything, and that the process ends.
   */
  async function tell({ final = false }: { final?: boolean } = {}): Promise<void> {
    if (cycling) {
      if (!final) return;
      await cycling;
    }
    cycling = cycle(final).finally(() => {
      cycling = null;
    });
    await cycling;
  }

  return { admit, ended, tell };
}
