import type { DrainHistoryEntry } from "#lib/contracts/drain.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";

/** Who set what, when and why, oldest first; at most the latest 1,000 of the range. */
export async function drainHistory({
  ctx,
  input,
}: {
  ctx: { drain: Pick<DrainStore, "history"> };
  input: { from: Date; to: Date };
}): Promise<DrainHistoryEntry[]> {
  return await ctx.drain.history(input);
}
