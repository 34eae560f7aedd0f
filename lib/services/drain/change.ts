import type { DrainChangeRequest } from "#lib/contracts/drain.ts";
import type { DrainChangeOutcome, DrainStore } from "#lib/gateways/drain-store.ts";

/**
 * Sets the dial for every worker; they obey within a second. `conflict` when somebody else changed it since the
 * version the operator saw: nothing is changed then, and the row as it stands is returned.
 * @throws DrainNotFound
 */
export async function changeDrain({
  ctx,
  input,
}: {
  ctx: { drain: Pick<DrainStore, "change"> };
  input: DrainChangeRequest & { actor: string };
}): Promise<DrainChangeOutcome> {
  const { rateWcuPerSecond, expectedVersion, actor, reason } = input;
  return await ctx.drain.change({ rateWcuPerSecond, expectedVersion, actor, reason: reason === "" ? undefined : reason });
}
