import { LEASE_LEAD_MS, leaseBudgetWriteUnits, leaseStep, PAUSED_RETRY_MS } from "#lib/domain/drain-rate.ts";
import { createWriteCost, type Write } from "#lib/domain/write-cost.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import { type Clock, withDeadline } from "./clock.ts";
import { type Emit, errorText } from "./events.ts";

/** How long a worker goes on alone at its last granted average while Postgres is away, milliseconds. */
export const LOCAL_FOR_MS = 5 * 60_000;
/** Over how much of the past the granted share is taken, milliseconds. */
const AVERAGE_OVER_MS = 10_000;
/** Room for windows of workers that ended at slightly different times: their sum must not rise. */
const LOCAL_MARGIN = 0.95;
/**
 * How long a worker stays at its own share after Postgres is back: by then the others, who look every 500 ms and wait
 * for up to 3 s, have found it too. Before, they go on alone, and a full rate here would come on top of theirs.
 */
const RETURN_MS = 5_000;
/** Longest wait for one lease; Postgres answers in a millisecond or two. */
const LEASE_TIMEOUT_MS = 1_500;

/** `startAtMs` on this worker's monotonic clock; `startsAtMs` by the database's, where it was asked. */
export type LeaseAnswer = { granted: true; startAtMs: number; startInMs: number; startsAtMs?: number } | { granted: false; retryInMs: number };

/** What a reading of the drain row says. */
export interface Seen {
  effectiveWcuPerSecond: number;
  version: number;
  /** An override that runs, from a reading of the whole row; null = none. A lease's answer does not say. */
  override?: { endsInSeconds: number; thenWcuPerSecond: number } | null;
}

export type Leaser = ReturnType<typeof createLeaser>;

/**
 * Draws on the drain row. States:
 * - `shared`: every lease is one UPDATE of the row.
 * - `local`: Postgres is away; paced here at this worker's share of the rate, so that the sum over all cannot rise.
 * - `paused`: away for more than 5 minutes; nothing is granted.
 * `seen` (any answer of Postgres) leads back to `shared`; for its first seconds both bounds hold.
 * A rate of 0 in `shared` is a pause that somebody asked for.
 */
export function createLeaser({ drain, clock, emit }: { drain: Pick<DrainStore, "lease">; clock: Clock; emit: Emit }) {
  let state: "shared" | "local" | "paused" = "shared";
  let effective = 0;
  let version = 0;
  let override: { endsAtMs: number; thenWcuPerSecond: number } | null = null;
  /** Write units used beyond what was leased (or, negative, leased and not used): goes into the next lease. */
  let carry = 0;
  /** What was granted, in seconds of the whole rate: a share stays one when the rate changes. */
  const granted: { atMs: number; seconds: number }[] = [];
  const cost = createWriteCost();
  let lastSeenMs = clock.monotonic();
  let returningUntilMs = Number.NEGATIVE_INFINITY;
  let local = { share: 0, tatMs: 0 };

  /** Part of the rate that was granted here lately. A new worker's is small: it is measured over the whole window. */
  function share(): number {
    const from = lastSeenMs - AVERAGE_OVER_MS;
    const seconds = granted.reduce((sum, one) => sum + (one.atMs >= from ? one.seconds : 0), 0);
    return Math.min(1, (seconds / (AVERAGE_OVER_MS / 1000)) * LOCAL_MARGIN);
  }

  /** This worker's part of the rate as it was last known; an override's end is obeyed without Postgres, too. */
  function localRate(): number {
    const over = override !== null && clock.monotonic() >= override.endsAtMs;
    return local.share * (over ? Math.min(effective, override?.thenWcuPerSecond ?? effective) : effective);
  }

  const returning = (): boolean => clock.monotonic() < returningUntilMs;
  const inForce = (): number => {
    if (state === "paused") return 0;
    if (state === "local") return localRate();
    return returning() ? Math.min(effective, localRate()) : effective;
  };

  function seen(row: Seen): void {
    lastSeenMs = clock.monotonic();
    if (state !== "shared") {
      state = "shared";
      returningUntilMs = lastSeenMs + RETURN_MS;
      emit({ event: "drain_reachable" });
    }
    if (row.version !== version) emit({ event: "rate_changed", effectiveWcuPerSecond: row.effectiveWcuPerSecond, version: row.version });
    effective = row.effectiveWcuPerSecond;
    version = row.version;
    if (row.override !== undefined) {
      override = row.override && { endsAtMs: lastSeenMs + row.override.endsInSeconds * 1000, thenWcuPerSecond: row.override.thenWcuPerSecond };
    }
  }

  function unreachable(thrown: unknown): void {
    if (state !== "shared") return;
    // Away again before it was back for good: what it could draw since was no more than its share.
    local = { share: returning() ? local.share : share(), tatMs: Math.max(local.tatMs, clock.monotonic()) };
    state = "local";
    emit({ event: "drain_unreachable", error: errorText(thrown), localWcuPerSecond: localRate() });
  }

  function leaseLocally(costWriteUnits: number): LeaseAnswer {
    const nowMs = clock.monotonic();
    if (state === "local" && nowMs - lastSeenMs >= LOCAL_FOR_MS) {
      state = "paused";
      emit({ event: "draining_paused", afterMs: LOCAL_FOR_MS });
    }
    const rateWcuPerSecond = localRate();
    if (state === "paused" || rateWcuPerSecond <= 0) return { granted: false, retryInMs: PAUSED_RETRY_MS };
    const step = leaseStep({ tatMs: local.tatMs, nowMs, costWriteUnits, rateWcuPerSecond, leadMs: LEASE_LEAD_MS });
    if (!step.granted) return step;
    local.tatMs = step.tatMs;
    return { granted: true, startAtMs: step.startMs, startInMs: step.startMs - nowMs };
  }

  async function leaseShared(costWriteUnits: number): Promise<LeaseAnswer> {
    const lease = await withDeadline({ clock, ms: LEASE_TIMEOUT_MS, what: "a lease" }, () =>
      drain.lease({ costWriteUnits, leadMs: LEASE_LEAD_MS }),
    );
    seen(lease);
    if (!lease.granted) return { granted: false, retryInMs: lease.retryInMs };
    const { startInMs, startsAtMs } = lease;
    return { granted: true, startInMs, startAtMs: clock.monotonic() + startInMs, ...(startsAtMs !== undefined && { startsAtMs }) };
  }

  /** From the row; while returning, first from this worker's own share. */
  async function draw(costWriteUnits: number): Promise<LeaseAnswer> {
    if (state !== "shared") return leaseLocally(costWriteUnits);
    const own = returning() ? leaseLocally(costWriteUnits) : null;
    if (own && !own.granted) return own;
    try {
      const answer = await leaseShared(costWriteUnits);
      return answer.granted && own ? { ...answer, startAtMs: Math.max(answer.startAtMs, own.startAtMs) } : answer;
    } catch (thrown) {
      unreachable(thrown);
      return own ?? leaseLocally(costWriteUnits);
    }
  }

  return {
    seen,
    unreachable,

    /** What this worker obeys now, and the version of the row it knows. */
    rate: (): { effectiveWcuPerSecond: number; version: number } => ({ effectiveWcuPerSecond: inForce(), version }),

    /** Most write units by size of the next batch, but always at least one item. */
    budget: (): number => leaseBudgetWriteUnits(inForce()) / cost.timesSize(),

    /** What a write will be charged, indexes included, as far as is known. */
    costOf: (write: Write): number => cost.estimate(write),
    /** Charged units for one unit by size. */
    timesSize: (): number => cost.timesSize(),
    /** Takes in what a write, all of it stored, was charged. */
    learn: (write: Write & { chargedWriteUnits: number }): void => cost.learn(write),

    /** Nothing is granted at all: receiving would only hold messages back. */
    closed: (): boolean => state === "paused" || inForce() <= 0,

    /** Somebody paused the draining: no write may start. */
    halted: (): boolean => state === "shared" && effective <= 0,

    /** Asks for `costWriteUnits`, charged, with what is carried over. Never throws. */
    async lease(costWriteUnits: number): Promise<LeaseAnswer> {
      const asked = Math.max(0, costWriteUnits + carry);
      const carried = asked - costWriteUnits;
      const answer = await draw(asked);
      if (!answer.granted) {
        emit({ event: "lease_refused", costWriteUnits: asked, retryInMs: answer.retryInMs });
        return answer;
      }
      carry -= carried;
      const atMs = clock.monotonic();
      const rate = state === "shared" ? effective : localRate() / (local.share || 1);
      if (rate > 0) granted.push({ atMs, seconds: asked / rate });
      while ((granted[0]?.atMs ?? atMs) < atMs - 2 * AVERAGE_OVER_MS) granted.shift();
      emit({ event: "lease_granted", costWriteUnits: asked, startInMs: answer.startInMs, ...(answer.startsAtMs !== undefined && { startsAtMs: answer.startsAtMs }) });
      return answer;
    },

    /**
     * Corrects the next lease by what the table really charged. What was leased and not used is given back for one
     * lease's worth at most: more at once would be a burst.
     */
    settle({ leasedWriteUnits, consumedWriteUnits }: { leasedWriteUnits: number; consumedWriteUnits: number }): void {
      carry = Math.max(carry + consumedWriteUnits - leasedWriteUnits, -leaseBudgetWriteUnits(effective));
    },
  };
}
