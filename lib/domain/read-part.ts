import type { ReadRate } from "#lib/domain/read-bucket.ts";
import { mostReadUnits } from "#lib/domain/read-cost.ts";

/** Seconds' worth of the rate that may be spent at once; never more than the table has beyond the rate. */
const BURST_SECONDS = 0.5;
/** How long a process reads from a table that does not serve all at a time, beyond the time to gather its first units. */
const TURN_MS = 2_000;
/** Parts come out of divisions. */
const TOLERANCE = 1e-9;

interface Budget {
  /** The table's provisioned read units per second. */
  perSecond: number;
  /** Share of them that all processes may spend, below 1. */
  share: number;
}

/**
 * The smallest part of a budget that one largest item can be read with: so much of what the table has beyond the share
 * that the item fits. At most 1; a table that has less than that beyond the share is read by one process at a time.
 */
export function leastPart({ perSecond, share }: Budget): number {
  return Math.min(1, mostReadUnits(1) / ((1 - share) * perSecond));
}

/** How long a process keeps its part while others wait for one, milliseconds. */
export function turnMs({ perSecond, share }: Budget): number {
  return TURN_MS + (mostReadUnits(1) / (leastPart({ perSecond, share }) * share * perSecond)) * 1000;
}

/**
 * What a part of a budget is spent at. However one whole is divided, the rates add up to at most the share, and the
 * bursts to at most what is provisioned beyond it (or one largest item, where that is more).
 * @returns rate and burst 0 for a part that no item can be read with.
 */
export function rateOf({ part, perSecond, share }: Budget & { part: number }): ReadRate {
  if (part <= 0 || part < leastPart({ perSecond, share }) * (1 - TOLERANCE)) return { unitsPerSecond: 0, burstUnits: 0 };
  return {
    unitsPerSecond: part * share * perSecond,
    burstUnits: Math.max(mostReadUnits(1), part * Math.min(BURST_SECONDS * share, 1 - share) * perSecond),
  };
}
