import type { GoalState } from "#lib/contracts/drain.ts";
import { DRAIN_RATE_LIMITS } from "#lib/contracts/drain.ts";

/** Spare rate of a goal: measured backlogs and costs lag behind by up to a minute. */
const GOAL_MARGIN = 1.05;
/** A goal nearer than this is computed as if it were this far: a last second must not ask for everything. */
const SHORTEST_GOAL_SECONDS = 3;
/** What a throttle leaves of the rate of the mode auto; the shared factor cuts faster and recovers within seconds. */
export const AUTO_CUT = 0.8;
/** Step up of the mode auto, as a share of the most it may take. */
export const AUTO_STEP = 0.05;
/** The mode auto never asks for less than this share of the most it may take. */
export const AUTO_FLOOR = 0.05;

/** What bounds a computed rate. */
export interface Bounds {
  /** The guard, WCU/s; null where the table has no known ceiling: then the dial is the bound. */
  guardWcu: number | null;
  dialWcu: number;
}

const mostOf = ({ guardWcu, dialWcu }: Bounds): number => Math.max(DRAIN_RATE_LIMITS.min, guardWcu ?? dialWcu);

export interface GoalRate {
  rateWcuPerSecond: number;
  neededWcuPerSecond: number;
  state: GoalState;
}

/**
 * The rate that clears a backlog by a time: what waits, spread over the time that is left, and what arrives meanwhile.
 * Never more than the guard. When the time is over it is `met` and the dial's rate, or `missed` and all that the guard
 * allows.
 * @param arrivalPerSecond null = nobody reports it; taken as none, which the next computations make up for.
 * @param factor throttle feedback: what is asked for is more by as much as it takes away.
 */
export function goalRate({
  backlog,
  arrivalPerSecond,
  writeUnitsPerActivity,
  secondsLeft,
  factor,
  ...bounds
}: Bounds & { backlog: number; arrivalPerSecond: number | null; writeUnitsPerActivity: number; secondsLeft: number; factor: number }): GoalRate {
  const most = mostOf(bounds);
  if (secondsLeft <= 0) {
    const rest = backlog * writeUnitsPerActivity;
    return backlog > 0
      ? { rateWcuPerSecond: most, neededWcuPerSecond: rest, state: "missed" }
      : { rateWcuPerSecond: Math.min(most, bounds.dialWcu), neededWcuPerSecond: 0, state: "met" };
  }
  const perSecond = backlog / Math.max(SHORTEST_GOAL_SECONDS, secondsLeft) + (arrivalPerSecond ?? 0);
  const needed = perSecond * writeUnitsPerActivity;
  const asked = Math.max(DRAIN_RATE_LIMITS.min, (needed * GOAL_MARGIN) / factor);
  return { rateWcuPerSecond: Math.min(most, asked), neededWcuPerSecond: needed, state: needed > most * factor ? "cannot_be_met" : "on_track" };
}

/**
 * The rate that the table bears: the guard less what others consume of it. Approached in steps of 5 %, cut by a fifth
 * while the table throttles.
 * @param presentWcu the last computed rate; null = none yet: it starts at the dial.
 * @param othersWcu what others than the workers consume; null = not known, taken as none.
 */
export function autoRate({
  presentWcu,
  throttled,
  othersWcu,
  ...bounds
}: Bounds & { presentWcu: number | null; throttled: boolean; othersWcu: number | null }): number {
  const most = mostOf(bounds);
  const floor = Math.max(DRAIN_RATE_LIMITS.min, most * AUTO_FLOOR);
  const free = Math.max(floor, bounds.guardWcu === null ? most : most - Math.max(0, othersWcu ?? 0));
  if (presentWcu === null) return Math.min(free, Math.max(floor, bounds.dialWcu));
  const next = throttled ? presentWcu * AUTO_CUT : presentWcu + most * AUTO_STEP;
  return Math.min(free, Math.max(floor, next));
}
