import type { Allowed } from "#lib/contracts/actor.ts";
import type { DrainActRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Ends an override before its time.
 * @throws DrainNotFound
 */
export async function revertOverride({ ctx, by, input }: { ctx: DrainContext; by: Allowed<"drain:write">; input: DrainActRequest }): Promise<DrainOutcome> {
  const { reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ override }) => (override === null ? "no_override" : null),
    act: (modes) => modes.endOverride({ actor: by.actor.name, reason: reason || undefined, expectedVersion }),
  });
}
