import type { DrainEta } from "#lib/contracts/overview.ts";

/** What is known of the backlog and its rates; null = not known, which is never taken for zero. */
export interface DrainEtaInput {
  /** Messages that wait or are in flight. */
  backlog: number | null;
  arrivalPerSecond: number | null;
  /** Activities that leave the queue a second. */
  drainPerSecond: number | null;
  /** Cost of one activity, WCU. */
  writeUnitsPerActivity: number | null;
  /** What workers may spend now, WCU/s. */
  effectiveWcuPerSecond: number | null;
  nowMs: number;
}

/** From this share of the allowed rate on, the dial is what holds the drain back. */
const AT_THE_LIMIT = 0.85;
/** A backlog that clears later than this does not clear as far as an operator is concerned, seconds. */
const LONGEST_SECONDS = 30 * 86_400;

/** Whether the allowed rate is used up, so that only a higher one can help. */
function heldByDial({ drainPerSecond, writeUnitsPerActivity, effectiveWcuPerSecond }: DrainEtaInput): boolean {
  if (drainPerSecond === null || writeUnitsPerActivity === null || effectiveWcuPerSecond === null) return false;
  return drainPerSecond * writeUnitsPerActivity >= effectiveWcuPerSecond * AT_THE_LIMIT;
}

/** What the backlog will do if arrival and drain go on as measured. */
export function drainEta(input: DrainEtaInput): DrainEta {
  const { backlog, arrivalPerSecond, drainPerSecond, writeUnitsPerActivity, nowMs } = input;
  if (backlog === null) return { state: "unknown", reason: "the queue's depth is not known" };
  if (backlog <= 0) return { state: "empty" };
  if (drainPerSecond === null) return { state: "unknown", reason: "the drain rate is not known" };
  if (drainPerSecond <= 0) return { state: "stalled" };
  if (arrivalPerSecond === null) return { state: "unknown", reason: "the arrival rate is not known" };
  const net = drainPerSecond - arrivalPerSecond;
  const seconds = net > 0 ? backlog / net : Number.POSITIVE_INFINITY;
  if (seconds <= LONGEST_SECONDS) return { state: "draining", seconds, clearsAt: new Date(nowMs + seconds * 1000).toISOString() };
  if (heldByDial(input) && writeUnitsPerActivity !== null) {
    return { state: "will_not_drain", neededWcuPerSecond: arrivalPerSecond * writeUnitsPerActivity };
  }
  return { state: "growing", perSecond: Math.max(0, -net) };
}
