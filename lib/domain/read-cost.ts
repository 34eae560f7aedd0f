import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";

/** Bytes that an item has beyond its activity: names, the sort key, the delivery facts. Some 600 at the most. */
const OVERHEAD_BYTES = 1_024;
const LARGEST_ITEM_BYTES = ACTIVITY_LIMITS.activityBytes + OVERHEAD_BYTES;
/** DynamoDB stops a Query after 1 MB (API reference); the item that it stopped at may be counted. */
const MOST_PAGE_BYTES = 1024 * 1024 + LARGEST_ITEM_BYTES;

/** Of an eventually consistent Query: half a unit for each 4 KB of all that it looked at (developer guide). */
const unitsOf = (bytes: number) => Math.ceil(bytes / 4_096) / 2;

/** Most that a Query costs that looks at `items` of a user's activities, read units. */
export function mostReadUnits(items: number): number {
  return unitsOf(Math.min(items * LARGEST_ITEM_BYTES, MOST_PAGE_BYTES));
}

/** Items that a Query may look at and surely cost no more than `units`; Infinity where a whole page fits. */
export function itemsWithin(units: number): number {
  if (units >= mostReadUnits(Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  return Math.max(0, Math.floor((Math.floor(units * 2) * 4_096) / LARGEST_ITEM_BYTES));
}
