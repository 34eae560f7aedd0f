import type { ActivitySearch } from "#lib/client/activities.ts";
import { dateTime } from "#lib/view/instants.ts";

/** The searched range in words, in the reader's zone, to stand after "activities". */
export function rangeWords({ from, to }: Pick<ActivitySearch, "from" | "to">): string {
  if (from !== undefined && to !== undefined) return `between ${dateTime(from)} and ${dateTime(to)}`;
  if (from !== undefined) return `from ${dateTime(from)} on`;
  if (to !== undefined) return `up to ${dateTime(to)}`;
  return "over all time";
}
