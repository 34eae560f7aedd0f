import type { DrainOverrideRequest } from "#lib/contracts/drain.ts";
import { type DrainContext, type DrainOutcome, performAct } from "./outcome.ts";

/**
 * A rate for a while, over the mode that stands; it ends by itself, by the database's clock. Replaces one that runs.
 * The guard holds it like any other rate. Not while paused: resume first.
 * @throws DrainNotFound
 */
export async function overrideDrain({
  ctx,
  input,
}: {
  ctx: DrainContext & { uuid: () => string };
  input: DrainOverrideRequest & { actor: string };
}): Promise<DrainOutcome> {
  const { rateWcuPerSecond, seconds, actor, reason, expectedVersion } = input;
  return performAct({
    ctx,
    expectedVersion,
    refusalOf: ({ mode }) => (mode === "paused" ? "paused" : null),
    act: (modes) => modes.override({ id: ctx.uuid(), rateWcuPerSecond, seconds }, { actor, reason, expectedVersion }),
  });
}
