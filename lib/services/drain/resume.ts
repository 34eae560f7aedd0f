import type { Allowed } from "#lib/contracts/actor.ts";
import type { DrainActRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Goes on in the mode of before the pause.
 * @throws DrainNotFound
 */
export async function resumeDrain({ ctx, by, input }: { ctx: DrainContext; by: Allowed<"drain:write">; input: DrainActRequest }): Promise<DrainOutcome> {
  const { reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ mode }) => (mode === "paused" ? null : "not_paused"),
    act: (modes) => modes.resume({ actor: by.actor.name, reason: reason || undefined, expectedVersion }),
  });
}
