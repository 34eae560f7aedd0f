import { LEASE_LEAD_MS, leaseBudgetWriteUnits, leaseStep } from "#lib/domain/drain-rate.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import { type Clock, withDeadline } from "./clock.ts";
import { type Emit, errorText } from "./events.ts";

/** How long a worker goes on alone at its last granted average while Postgres is away, milliseconds. */
export const LOCAL_FOR_MS = 5 * 60_000;
/** Over how much of the past the granted average is taken, milliseconds. */
const AVERAGE_OVER_MS = 10_000;
/** Longest wait for one lease; Postgres answers in a millisecond or two. */
const LEASE_TIMEOUT_MS = 1_500;
const PAUSED_RETRY_MS = 500;

export type LeaseAnswer = { granted: true; startAtMs: number; startInMs: number } | { granted: false; retryInMs: number };

export type Leaser = ReturnType<typeof createLeaser>;

/**
 * Draws on the drain row. States:
 * - `shared`: every lease is one UPDATE of the row.
 * - `local`: Postgres is away; paced here at the average granted before, so that the sum over all workers cannot rise.
 * - `paused`: away for more than 5 minutes; nothing is granted.
 * `seen` (any answer of Postgres) leads back to `shared`.
 */
export function createLeaser({ drain, clock, emit }: { drain: Pick<DrainStore, "lease">; clock: Clock; emit: Emit }) {
  let state: "shared" | "local" | "paused" = "shared";
  let effective = 0;
  let version = 0;
  /** Write units used beyond what was leased (or, negative, leased and not used): goes into the next lease. */
  let carry = 0;
  const granted: { atMs: number; units: number }[] = [];
  const startedAtMs = clock.monotonic();
  let lastSeenMs = startedAtMs;
  let local = { rate: 0, tatMs: 0 };

  function average(): number {
    const from = lastSeenMs - AVERAGE_OVER_MS;
    const units = granted.reduce((sum, one) => sum + (one.atMs >= from ? one.units : 0), 0);
    const span = Math.min(AVERAGE_OVER_MS, Math.max(1_000, lastSeenMs - startedAtMs));
    // A large item may have been granted at once; the rate in force stays the ceiling.
    return Math.min(effective, (units / span) * 1000);
  }

  function seen({ effectiveWcuPerSecond, version: newVersion }: { effectiveWcuPerSecond: number; version: number }): void {
    lastSeenMs = clock.monotonic();
    if (state !== "shared") {
      state = "shared";
      emit({ event: "drain_reachable" });
    }
    if (newVersion !== version) emit({ event: "rate_changed", effectiveWcuPerSecond, version: newVersion });
    effective = effectiveWcuPerSecond;
    version = newVersion;
  }

  function unreachable(thrown: unknown): void {
    if (state !== "shared") return;
    local = { rate: average(), tatMs: clock.monotonic() };
    state = "local";
    emit({ event: "drain_unreachable", error: errorText(thrown), localWcuPerSecond: local.rate });
  }

  function leaseLocally(costWriteUnits: number): LeaseAnswer {
    const nowMs = clock.monotonic();
    if (state === "local" && nowMs - lastSeenMs >= LOCAL_FOR_MS) {
      state = "paused";
      emit({ event: "draining_paused", afterMs: LOCAL_FOR_MS });
    }
    if (state === "paused" || local.rate <= 0) return { granted: false, retryInMs: PAUSED_RETRY_MS };
    const step = leaseStep({ tatMs: local.tatMs, nowMs, costWriteUnits, rateWcuPerSecond: local.rate, leadMs: LEASE_LEAD_MS });
    if (!step.granted) return step;
    local.tatMs = step.tatMs;
    return { granted: true, startAtMs: step.startMs, startInMs: step.startMs - nowMs };
  }

  return {
    seen,
    unreachable,

    /** What this worker obeys now, and the version of the row it knows. */
    rate: (): { effectiveWcuPerSecond: number; version: number } => ({
      effectiveWcuPerSecond: state === "shared" ? effective : state === "local" ? local.rate : 0,
      version,
    }),

    /** Most write units of the next batch, but always at least one item. */
    budget: (): number => leaseBudgetWriteUnits(state === "shared" ? effective : local.rate),

    /** Nothing is granted at all: receiving would only hold messages back. */
    closed: (): boolean => state === "paused" || (state === "local" && local.rate <= 0),

    /** Asks for `costWriteUnits`, with what is carried over. Never throws. */
    async lease(costWriteUnits: number): Promise<LeaseAnswer> {
      const cost = Math.max(0, costWriteUnits + carry);
      const carried = cost - costWriteUnits;
      let answer: LeaseAnswer;
      if (state === "shared") {
        try {
          const lease = await withDeadline({ clock, ms: LEASE_TIMEOUT_MS, what: "a lease" }, () =>
            drain.lease({ costWriteUnits: cost, leadMs: LEASE_LEAD_MS }),
          );
          seen(lease);
          answer = lease.granted
            ? { granted: true, startInMs: lease.startInMs, startAtMs: clock.monotonic() + lease.startInMs }
            : { granted: false, retryInMs: lease.retryInMs };
        } catch (thrown) {
          unreachable(thrown);
          answer = leaseLocally(cost);
        }
      } else {
        answer = leaseLocally(cost);
      }
      if (!answer.granted) {
        emit({ event: "lease_refused", costWriteUnits: cost, retryInMs: answer.retryInMs });
        return answer;
      }
      carry -= carried;
      const atMs = clock.monotonic();
      granted.push({ atMs, units: cost });
      while ((granted[0]?.atMs ?? atMs) < atMs - 2 * AVERAGE_OVER_MS) granted.shift();
      emit({ event: "lease_granted", costWriteUnits: cost, startInMs: answer.startInMs });
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
