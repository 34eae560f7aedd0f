import type { DrainActRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Goes on in the mode of before the pause.
 * @throws DrainNotFound
 */
export async function resumeDrain({ ctx, input }: { ctx: DrainContext; input: DrainActRequest & { actor: string } }): Promise<DrainOutcome> {
  const { actor, reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ mode }) => (mode === "paused" ? null : "not_paused"),
    act: (modes) => modes.resume({ actor, reason: reason || undefined, expectedVersion }),
  });
}
