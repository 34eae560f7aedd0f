import type { Allowed } from "#lib/contracts/actor.ts";
import type { DrainOverrideRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * A rate for a while, over the mode that stands; it ends by itself, by the database's clock. Replaces one that runs.
 * The guard holds it like any other rate. Not while paused: resume first.
 * @throws DrainNotFound
 */
export async function overrideDrain({
  ctx,
  by,
  input,
}: {
  ctx: DrainContext & { uuid: () => string };
  by: Allowed<"drain:write">;
  input: DrainOverrideRequest;
}): Promise<DrainOutcome> {
  const { rateWcuPerSecond, seconds, reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ mode }) => (mode === "paused" ? "paused" : null),
    act: (modes) => modes.override({ id: ctx.uuid(), rateWcuPerSecond, seconds }, { actor: by.actor.name, reason, expectedVersion }),
  });
}
