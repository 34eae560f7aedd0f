/**
 * The arithmetic of the drain rate. `lib/gateways/drain-store.ts` says the same in SQL, on the database's clock;
 * here it is pure, for local pacing, fakes and property tests.
 */

/** Recovery of the throttle factor per second of elapsed time: from one cut (0.7) back to 1 in 15 s. */
export const FACTOR_RECOVERY_PER_SECOND = 0.02;
/** What one throttle leaves of the factor. */
export const FACTOR_CUT = 0.7;
/** The factor never falls under this: a closed tap would never learn that the table has recovered. */
export const FACTOR_FLOOR = 0.05;
/** Shortest time between two cuts, over all workers. */
export const FACTOR_CUT_INTERVAL_MS = 1_000;
/**
 * How far ahead of now the rate may be leased: a stall of a worker for less than this loses none of the rate (at
 * 100 ms, 5 % of it was lost on two overloaded cores), and no more than this can be late at once.
 */
export const LEASE_LEAD_MS = 150;
/** How long to wait before a paused rate is asked for again. */
export const PAUSED_RETRY_MS = 500;
/** Most of the rate that one lease takes, but always at least one item. */
export const LEASE_SPAN_MS = 40;

/** The factor after `elapsedMs` without a throttle. */
export function recoveredFactor(factor: number, elapsedMs: number): number {
  return Math.min(1, factor + (FACTOR_RECOVERY_PER_SECOND * Math.max(0, elapsedMs)) / 1000);
}

/** The factor after a throttle, given the recovered one. */
export function cutFactor(recovered: number): number {
  return Math.max(FACTOR_FLOOR, recovered * FACTOR_CUT);
}

/** What the guard is made of. */
export interface Guarded {
  capacityShare: number;
  /** WCU/s; null where the table has no ceiling that is known. */
  provisionedWcu: number | null;
  /** Charged WCU/s at which the table or the first of its indexes is full; null or left out = the table's own. */
  ceilingWcu?: number | null;
}

/** The most that draining may use, WCU/s; null where no ceiling is known. */
export function guardWcu({ capacityShare, provisionedWcu, ceilingWcu }: Guarded): number | null {
  const ceiling = ceilingWcu ?? provisionedWcu;
  return ceiling === null ? null : capacityShare * ceiling;
}

/** What workers obey, WCU/s: the rate asked for under the guard, times the throttle factor. */
export function effectiveRate({ rateWcuPerSecond, factor, ...guarded }: Guarded & { rateWcuPerSecond: number; factor: number }): number {
  return Math.min(rateWcuPerSecond, guardWcu(guarded) ?? Number.POSITIVE_INFINITY) * factor;
}

export type LeaseStep =
  | { granted: true; tatMs: number; startMs: number }
  | { granted: false; tatMs: number; retryInMs: number };

/**
 * One step of GCRA. `tatMs` (theoretical arrival time) is the instant up to which the rate is already spent.
 * @param costWriteUnits what the lease costs; 0 is granted at once and moves nothing past now.
 * @param rateWcuPerSecond 0 = paused, which refuses.
 */
export function leaseStep({
  tatMs,
  nowMs,
  costWriteUnits,
  rateWcuPerSecond,
  leadMs,
}: {
  tatMs: number;
  nowMs: number;
  costWriteUnits: number;
  rateWcuPerSecond: number;
  leadMs: number;
}): LeaseStep {
  if (rateWcuPerSecond <= 0) return { granted: false, tatMs, retryInMs: PAUSED_RETRY_MS };
  if (tatMs > nowMs + leadMs) return { granted: false, tatMs, retryInMs: tatMs - nowMs - leadMs };
  const startMs = Math.max(tatMs, nowMs);
  return { granted: true, tatMs: startMs + (costWriteUnits / rateWcuPerSecond) * 1000, startMs };
}

/** The spent time, measured at another rate: what was to take 4 s at 10/s takes 40 ms at 1,000/s. */
export function rescaleTat({ tatMs, nowMs, fromRate, toRate }: { tatMs: number; nowMs: number; fromRate: number; toRate: number }): number {
  return nowMs + (Math.max(0, tatMs - nowMs) * fromRate) / toRate;
}

/** Most write units of one lease at a rate; the caller still takes at least one item. */
export function leaseBudgetWriteUnits(rateWcuPerSecond: number): number {
  return (rateWcuPerSecond * LEASE_SPAN_MS) / 1000;
}
