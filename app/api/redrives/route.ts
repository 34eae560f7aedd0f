import { auditContext } from "#app/server/audit.ts";
import { redriveRuns } from "#app/server/dead-letters.ts";
import { redriveRequestSchema, redriveRunListSchema, redriveRunSchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { redrive } from "#lib/services/dead-letters/redrive.ts";
import { runs } from "#lib/services/dead-letters/runs.ts";

/** Ids named in the audit log; the run's receipt has them all. */
const IDS_IN_AUDIT = 20;
/** Why none was started, in the audit log. */
const REFUSED = { run_id_taken: "This run id names another selection.", refused: "Some of these cannot be redriven." } as const;

/** The latest runs. */
export const GET = defineRoute({
  permission: "dead_letters:read",
  output: redriveRunListSchema,
  call: async ({ allowed }) => ({ items: await runs({ ctx: { runs: redriveRuns() }, by: allowed, input: {} }) }),
});

/** Freezes a selection into a run, which a worker carries out; the same request again is the same run. */
export const POST = defineRoute({
  permission: "dead_letters:act",
  body: redriveRequestSchema,
  output: redriveRunSchema,
  async call({ allowed, body }) {
    const result = await audited(
      {
        ctx: auditContext(),
        actor: allowed.actor,
        action: "redrive.start",
        target: body.runId,
        reason: body.reason,
        asked: { selected: body.deathIds.length, deathIds: body.deathIds.slice(0, IDS_IN_AUDIT) },
        after: ({ outcome }) => ({ outcome }),
        outcome: ({ outcome }) => (outcome === "created" || outcome === "existing" ? "done" : { outcome: "refused", error: REFUSED[outcome] }),
      },
      () => redrive({ ctx: { runs: redriveRuns() }, by: allowed, input: body }),
    );
    if (result.outcome === "created" || result.outcome === "existing") return result.run;
    if (result.outcome === "run_id_taken") {
      throw new HttpProblem({ status: 409, code: "run_id_taken", title: "This run id names another selection", detail: "Close the dialog and choose again." });
    }
    throw new HttpProblem({
      status: 409,
      code: "not_redrivable",
      title: "Some of these cannot be redriven",
      detail: "Nothing was redriven.",
      extensions: { refused: result.refused },
    });
  },
});
