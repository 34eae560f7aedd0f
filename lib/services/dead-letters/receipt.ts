import type { Allowed } from "#lib/contracts/actor.ts";
import type { RedriveReceipt } from "#lib/contracts/dead-letters.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";

/** What became of each death of a run; null when there is no such run. */
export function receipt({
  ctx,
  input,
}: {
  ctx: { runs: Pick<RedriveRuns, "receipt"> };
  by: Allowed<"dead_letters:read">;
  input: { runId: string };
}): Promise<RedriveReceipt | null> {
  return ctx.runs.receipt(input.runId);
}
