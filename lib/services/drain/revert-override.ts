import type { DrainActRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Ends an override before its time.
 * @throws DrainNotFound
 */
export async function revertOverride({ ctx, input }: { ctx: DrainContext; input: DrainActRequest & { actor: string } }): Promise<DrainOutcome> {
  const { actor, reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ override }) => (override === null ? "no_override" : null),
    act: (modes) => modes.endOverride({ actor, reason: reason || undefined, expectedVersion }),
  });
}
