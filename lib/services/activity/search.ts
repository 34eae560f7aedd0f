import type { Allowed } from "#lib/contracts/actor.ts";
import type { ActivitySearchQuery, ActivitySearchResult } from "#lib/contracts/activity-search.ts";
import { sortKey } from "#lib/domain/activity-key.ts";
import type { ActivityTable } from "#lib/gateways/activity-table.ts";
import { decodeCursor, encodeCursor } from "./search-cursor.ts";
import { searchRange } from "./search-range.ts";

/** Longest wait for the table, milliseconds: a person is waiting for the page. */
const TABLE_TIMEOUT_MS = 5_000;

export interface SearchContext {
  table: Pick<ActivityTable, "queryUser">;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** `refused` names the field of the query that is wrong; the caller answers 400. */
export type SearchOutcome =
  | { kind: "found"; result: ActivitySearchResult }
  | { kind: "refused"; field: "from" | "cursor"; message: string };

/**
 * One page of a user's stored activities by the time they occurred, newest first. Both ends of the range are
 * included. A page may be shorter than `limit` though more follow (DynamoDB reads at most 1 MB at a time).
 * @throws the table's error, also when it took longer than 5 s.
 */
export async function search({
  ctx,
  input,
  signal,
}: {
  ctx: SearchContext;
  by: Allowed<"activity:search">;
  input: ActivitySearchQuery;
  signal?: AbortSignal;
}): Promise<SearchOutcome> {
  const bounds = searchRange(input);
  if (bounds.kind === "refused") return bounds;
  const { range } = bounds;

  let after: string | undefined;
  if (input.cursor !== undefined) {
    const decoded = decodeCursor(input.cursor, { user: input.user, ...range });
    if (decoded === null) {
      return { kind: "refused", field: "cursor", message: "does not belong to this user and time range; search again without it" };
    }
    after = decoded;
  }

  const asOf = new Date(ctx.now()).toISOString();
  const timeout = AbortSignal.timeout(TABLE_TIMEOUT_MS);
  const page = await ctx.table.queryUser(
    // One more than asked for, so that the end of the list is known without another call.
    { userId: input.user, ...range, ...(after !== undefined && { after }), limit: input.limit + 1, newestFirst: true },
    signal ? AbortSignal.any([signal, timeout]) : timeout,
  );
  const items = page.items.slice(0, input.limit);
  const last = items.at(-1);
  const goOnAfter = page.items.length > input.limit && last ? sortKey(last.occurredAt, last.id) : page.lastSortKey;
  return {
    kind: "found",
    result: { items, nextCursor: goOnAfter === null ? null : encodeCursor({ user: input.user, ...range, after: goOnAfter }), asOf },
  };
}
