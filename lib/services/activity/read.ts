import type { ActivityReadQuery } from "#lib/contracts/activity-read.ts";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { sortKey } from "#lib/domain/activity-key.ts";
import type { ActivityTable, UserPage } from "#lib/gateways/activity-table.ts";
import { classifyTableError } from "#lib/gateways/activity-table-errors.ts";
import type { ReadBudget } from "./read-budget.ts";
import { decodeCursor, encodeCursor } from "./search-cursor.ts";
import { searchRange } from "./search-range.ts";

/** Longest wait for one Query, milliseconds. */
const QUERY_TIMEOUT_MS = 2_000;
/** After so long no further Query is begun, milliseconds. */
const GO_ON_MS = 1_000;
/** Read units that one answer may cost, as much as DynamoDB's own largest page. */
const ANSWER_UNITS = 128;
/** Items looked at in one go where most may be of other types. */
const FILTERED_ITEMS = 100;
/** Wait that is named when the table itself had no units left, milliseconds. */
const THROTTLED_RETRY_MS = 1_000;

export interface ReadContext {
  table: Pick<ActivityTable, "queryUser">;
  budget: Pick<ReadBudget, "take">;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Told when the table did not answer. The text holds nothing of the request. */
  report: (event: { event: "activities_unread"; kind: string }) => void;
}

export type ReadOutcome =
  | { kind: "found"; activities: StoredActivity[]; nextCursor: string | null; asOf: string }
  | { kind: "refused"; field: "from" | "cursor"; message: string }
  | { kind: "over_capacity"; retryMs: number }
  | { kind: "unavailable"; what: "budget" | "table" };

type Step = { kind: "page"; page: UserPage } | Extract<ReadOutcome, { kind: "over_capacity" | "unavailable" }>;

/** One Query, within what the budget grants for it. */
async function step({ ctx, query, wanted }: { ctx: ReadContext; query: Omit<Parameters<ActivityTable["queryUser"]>[0], "limit">; wanted: number }): Promise<Step> {
  const grant = await ctx.budget.take(wanted);
  if (grant.kind === "over") return { kind: "over_capacity", retryMs: grant.retryMs };
  if (grant.kind === "unavailable") return { kind: "unavailable", what: "budget" };
  try {
    const page = await ctx.table.queryUser({ ...query, limit: grant.items }, AbortSignal.timeout(QUERY_TIMEOUT_MS));
    // Every Query costs something: a table that does not say what counts as having charged the most.
    grant.settle(page.consumedReadUnits > 0 ? page.consumedReadUnits : null);
    return { kind: "page", page };
  } catch (cause) {
    // What it cost is not known.
    grant.settle(null);
    const { kind } = classifyTableError(cause);
    if (kind === "failed" || kind === "rejected") throw cause;
    ctx.report({ event: "activities_unread", kind });
    return kind === "throttled" ? { kind: "over_capacity", retryMs: THROTTLED_RETRY_MS } : { kind: "unavailable", what: "table" };
  }
}

/**
 * One page of a user's stored activities by the time they occurred. It spends no more read units than the budget grants,
 * in as many Queries as that takes, and ends early rather than wait for more: a page may be shorter than `limit`, or
 * empty, though more follow.
 *
 * @param signal aborts when nobody waits any longer: no further Query is begun. One under way ends, since what it costs
 *   is known only from its answer.
 * @throws the table's error when it calls the Query itself wrong, and what is no activity of ours.
 */
export async function read({ ctx, input, signal }: { ctx: ReadContext; input: ActivityReadQuery & { userId: string }; signal: AbortSignal }): Promise<ReadOutcome> {
  const { userId, limit, order } = input;
  const bounds = searchRange({ ...(input.from !== undefined && { from: input.from }), ...(input.to !== undefined && { to: input.to }) });
  if (bounds.kind === "refused") return bounds;
  const { range } = bounds;
  const types = [...new Set(input.type)].toSorted();
  const place = { user: userId, ...range, query: JSON.stringify([order, types]) };

  let after: string | null = null;
  if (input.cursor !== undefined) {
    after = decodeCursor(input.cursor, place);
    if (after === null) return { kind: "refused", field: "cursor", message: "is not one of this user and query; ask again without it" };
  }

  const startedAt = ctx.now();
  const activities: StoredActivity[] = [];
  let spentUnits = 0;
  for (let more = true; more; ) {
    // One more than asked for, so that the end is known without another request.
    const missing = limit + 1 - activities.length;
    const taken = await step({
      ctx,
      query: { userId, ...range, ...(after !== null && { after }), newestFirst: order === "newest", types },
      wanted: types.length > 0 ? Math.max(missing, FILTERED_ITEMS) : missing,
    });
    if (taken.kind !== "page") {
      // What was read is worth an answer; the cursor goes on from there.
      if (spentUnits > 0) break;
      return taken;
    }
    activities.push(...taken.page.items);
    spentUnits += taken.page.consumedReadUnits;
    after = taken.page.lastSortKey;
    more = !signal.aborted && after !== null && activities.length <= limit && spentUnits < ANSWER_UNITS && ctx.now() - startedAt < GO_ON_MS;
  }
  const last = activities[limit - 1];
  if (activities.length > limit && last) after = sortKey(last.occurredAt, last.id);
  return {
    kind: "found",
    activities: activities.slice(0, limit),
    nextCursor: after === null ? null : encodeCursor({ ...place, after }),
    asOf: new Date(startedAt).toISOString(),
  };
}
