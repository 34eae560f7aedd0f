import type { Allowed } from "#lib/contracts/actor.ts";
import type { DrainChangeRequest } from "#lib/contracts/drain.ts";
import type { DrainChangeOutcome, DrainStore } from "#lib/gateways/drain-store.ts";

/**
 * Sets the dial for every worker; they obey within a second. `conflict` when somebody else changed it since the
 * version the operator saw: nothing is changed then, and the row as it stands is returned.
 * @throws DrainNotFound
 */
export async function changeDrain({
  ctx,
  by,
  input,
}: {
  ctx: { drain: Pick<DrainStore, "change"> };
  by: Allowed<"drain:write">;
  input: DrainChangeRequest;
}): Promise<DrainChangeOutcome> {
  const { rateWcuPerSecond, expectedVersion, reason } = input;
  return await ctx.drain.change({ rateWcuPerSecond, expectedVersion, actor: by.actor.name, reason: reason === "" ? undefined : reason });
}
