import type { Drain, DrainRefusal } from "#lib/contracts/drain.ts";
import type { ActOutcome, DrainModes } from "#lib/gateways/drain-modes.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";

/** What came of an act on the drain row; `drain` is the row after it. */
export type DrainOutcome =
  | { outcome: "changed"; drain: Drain }
  /** Somebody else changed it since the version the operator saw; nothing was done. */
  | { outcome: "conflict"; drain: Drain }
  | { outcome: "refused"; refusal: DrainRefusal; drain: Drain };

export interface DrainContext {
  drain: Pick<DrainStore, "read">;
  modes: DrainModes;
}

/**
 * Does an act and says what came of it. `refusalOf` is asked before it, and once more where the statement did
 * nothing: the row may have changed in between without the version telling (a goal's time passes).
 * @throws DrainNotFound
 */
export async function performAct({
  ctx,
  expectedVersion,
  refusalOf,
  act,
}: {
  ctx: DrainContext;
  expectedVersion: number;
  refusalOf: (drain: Drain) => DrainRefusal | null;
  act: (modes: DrainModes) => Promise<ActOutcome>;
}): Promise<DrainOutcome> {
  const before = await ctx.drain.read();
  if (before.version !== expectedVersion) return { outcome: "conflict", drain: before };
  const refusal = refusalOf(before);
  if (refusal !== null) return { outcome: "refused", refusal, drain: before };
  const done = await act(ctx.modes);
  const drain = await ctx.drain.read();
  if (done === "done") return { outcome: "changed", drain };
  const late = drain.version === expectedVersion ? refusalOf(drain) : null;
  return late === null ? { outcome: "conflict", drain } : { outcome: "refused", refusal: late, drain };
}
