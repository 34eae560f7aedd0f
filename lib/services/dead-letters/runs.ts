import type { Allowed } from "#lib/contracts/actor.ts";
import type { RedriveRun } from "#lib/contracts/dead-letters.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";

/** Most runs of one answer. */
const RUNS_LIMIT = 100;

/** The latest redrive runs, the newest first; 20 unless told, at most 100. */
export function runs({ ctx, input }: { ctx: { runs: Pick<RedriveRuns, "latest"> }; by: Allowed<"dead_letters:read">; input: { limit?: number } }): Promise<RedriveRun[]> {
  return ctx.runs.latest({ limit: Math.min(input.limit ?? 20, RUNS_LIMIT) });
}
