import type { DrainActRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Stops the draining: no worker starts a write two seconds later. An override ends with it.
 * @throws DrainNotFound
 */
export async function pauseDrain({ ctx, input }: { ctx: DrainContext; input: DrainActRequest & { actor: string } }): Promise<DrainOutcome> {
  const { actor, reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ mode }) => (mode === "paused" ? "already_paused" : null),
    act: (modes) => modes.pause({ actor, reason: reason || undefined, expectedVersion }),
  });
}
