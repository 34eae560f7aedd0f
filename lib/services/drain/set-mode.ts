import type { Allowed } from "#lib/contracts/actor.ts";
import { type DrainModeRequest, GOAL_DAYS } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * Sets who finds the rate: the dial (`manual`), the leader (`auto`), or the leader towards a time (`goal`). Leaves a
 * pause. An override goes on over the new mode until it ends.
 * @throws DrainNotFound
 */
export async function setMode({ ctx, by, input }: { ctx: DrainContext & { now: () => number }; by: Allowed<"drain:write">; input: DrainModeRequest }): Promise<DrainOutcome> {
  const { reason, expectedVersion } = input;
  const to = input.mode === "goal" ? { mode: input.mode, clearBy: new Date(input.clearBy) } : { mode: input.mode };
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: () => {
      if (to.mode !== "goal") return null;
      const inMs = to.clearBy.getTime() - ctx.now();
      if (inMs <= 0) return "goal_in_past";
      return inMs > GOAL_DAYS * 86_400_000 ? "goal_too_far" : null;
    },
    act: (modes) => modes.setMode(to, { actor: by.actor.name, reason: reason || undefined, expectedVersion }),
  });
}
