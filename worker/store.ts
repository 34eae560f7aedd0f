import { classifyTableError, type TableError } from "#lib/gateways/activity-table-errors.ts";
import type { ActivityItem, ActivityTable } from "#lib/gateways/activity-table.ts";

/** What became of one put. `not_tried`: it came back unprocessed, and something before it explains why. */
export type PutOutcome = { kind: "stored" } | { kind: "not_tried" } | TableError;

export interface StoreResult {
  /** By position. */
  outcomes: PutOutcome[];
  /** Write units the table charged; null where an answer is missing, so that nobody knows. */
  consumedWriteUnits: number | null;
  /** Positions that came back in UnprocessedItems. */
  unprocessed: number[];
}

interface Put {
  item: ActivityItem;
  groupId: string;
}

/**
 * Stores a batch. What comes back unprocessed, and all of a batch that was refused as a whole, is retried alone, so
 * that the exception names the reason: in order within a group, a group's first failure stops it. The first retry
 * goes ahead of the others: if the whole table throttles, nobody else tries. Retries spend what the batch did not.
 * Never throws.
 */
export async function storeBatch({
  table,
  puts,
  signal,
  halted = () => false,
}: {
  table: Pick<ActivityTable, "put" | "putBatch">;
  puts: readonly Put[];
  signal: AbortSignal;
  /** Asked before each retry: no write may start any more. */
  halted?: () => boolean;
}): Promise<StoreResult> {
  const outcomes: PutOutcome[] = puts.map(() => ({ kind: "stored" }));
  let consumed: number | null = 0;
  let alone: number[];
  try {
    const answer = await table.putBatch(
      puts.map((put) => put.item),
      signal,
    );
    consumed += answer.consumedWriteUnits;
    alone = answer.unprocessed.toSorted((a, b) => a - b);
  } catch (thrown) {
    const error = classifyTableError(thrown);
    const searched = error.kind === "rejected" || (error.kind === "throttled" && error.scope === "key_range");
    if (puts.length === 1 || !searched) {
      return { outcomes: puts.map(() => error), consumedWriteUnits: error.kind === "unknown" ? null : 0, unprocessed: [] };
    }
    // One bad item, or one hot key, refuses all: only alone does each get its own answer.
    alone = puts.map((_, position) => position);
  }
  const unprocessed = alone;
  for (const position of alone) outcomes[position] = { kind: "not_tried" };

  async function putAlone(position: number): Promise<PutOutcome> {
    const put = puts[position];
    if (!put) return { kind: "not_tried" };
    try {
      const answer = await table.put(put.item, signal);
      if (consumed !== null) consumed += answer.consumedWriteUnits;
      return { kind: "stored" };
    } catch (thrown) {
      const error = classifyTableError(thrown);
      if (error.kind === "unknown") consumed = null;
      return error;
    }
  }

  const groups = Array.from(Map.groupBy(alone, (position) => puts[position]?.groupId ?? "").values());
  let tableThrottled: TableError | null = null;
  async function putGroup(positions: readonly number[]): Promise<void> {
    for (const position of positions) {
      if (tableThrottled !== null || signal.aborted || halted()) return;
      const outcome = await putAlone(position);
      outcomes[position] = outcome;
      if (outcome.kind === "throttled" && outcome.scope === "table") tableThrottled = outcome;
      if (outcome.kind !== "stored") return;
    }
  }
  const [first, ...others] = groups;
  if (first) await putGroup(first);
  await Promise.all(others.map(putGroup));
  const throttle = tableThrottled as TableError | null;
  if (throttle !== null) {
    for (const position of alone) if (outcomes[position]?.kind === "not_tried") outcomes[position] = throttle;
  }
  return { outcomes, consumedWriteUnits: consumed, unprocessed };
}
