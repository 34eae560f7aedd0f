import type { Allowed } from "#lib/contracts/actor.ts";
import type { RedriveOutcome, RedriveRequest } from "#lib/contracts/dead-letters.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";

/**
 * Freezes the selected deaths into a run, which a worker then sends; nothing is sent here. All or nothing: with one
 * death that cannot go, no run is made and each such death is named. The same run id again is the same run.
 */
export function redrive({
  ctx,
  by,
  input,
}: {
  ctx: { runs: Pick<RedriveRuns, "create"> };
  by: Allowed<"dead_letters:act">;
  input: RedriveRequest;
}): Promise<RedriveOutcome> {
  return ctx.runs.create({ ...input, actor: by.actor.name });
}
