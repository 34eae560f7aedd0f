import type { ActivitySearchQuery } from "#lib/contracts/activity-search.ts";

/** Both ends included, fixed-width UTC milliseconds as in the sort key; an absent end is open. */
export interface SearchRange {
  from?: string;
  to?: string;
}

export type RangeOutcome = { kind: "range"; range: SearchRange } | { kind: "refused"; field: "from"; message: string };

const YEAR_0_MS = Date.parse("0000-01-01T00:00:00.000Z");
const YEAR_9999_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Has digits past the millisecond that are not all zero; `Date.parse` drops them. */
const FINER_THAN_MS = /\.\d{3}\d*[1-9]/;

/**
 * Instant as it stands in the sort key. Offsets are resolved; what an offset pushes out of the years 0 to 9999
 * is clamped, since it would no longer be of fixed width.
 */
function instant(given: string, { roundUp }: { roundUp: boolean }): string {
  const ms = Date.parse(given) + (roundUp && FINER_THAN_MS.test(given) ? 1 : 0);
  return new Date(Math.min(Math.max(ms, YEAR_0_MS), YEAR_9999_MS)).toISOString();
}

/**
 * Brings the bounds of a search to the form of the sort key. A bound finer than a millisecond is rounded into
 * the range, so that nothing outside it is shown.
 * @returns refused when the range ends before it starts.
 */
export function searchRange({ from, to }: Pick<ActivitySearchQuery, "from" | "to">): RangeOutcome {
  const range: SearchRange = {
    ...(from !== undefined && { from: instant(from, { roundUp: true }) }),
    ...(to !== undefined && { to: instant(to, { roundUp: false }) }),
  };
  if (range.from !== undefined && range.to !== undefined && range.from > range.to) {
    return { kind: "refused", field: "from", message: "must not be later than the end of the range" };
  }
  return { kind: "range", range };
}
