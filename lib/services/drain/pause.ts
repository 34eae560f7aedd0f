import type { Allowed } from "#lib/contracts/actor.ts";
import type { DrainActRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Stops the draining: no worker starts a write two seconds later. An override ends with it.
 * @throws DrainNotFound
 */
export async function pauseDrain({ ctx, by, input }: { ctx: DrainContext; by: Allowed<"drain:write">; input: DrainActRequest }): Promise<DrainOutcome> {
  const { reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ mode }) => (mode === "paused" ? "already_paused" : null),
    act: (modes) => modes.pause({ actor: by.actor.name, reason: reason || undefined, expectedVersion }),
  });
}
