import { auditContext } from "#app/server/audit.ts";
import { redriveRuns } from "#app/server/dead-letters.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { redriveRequestSchema, redriveRunListSchema, redriveRunSchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { redrive } from "#lib/services/dead-letters/redrive.ts";
import { runs } from "#lib/services/dead-letters/runs.ts";

/** Who a run is signed with until people sign in. */
const ACTOR: Actor = { id: "operator", name: "operator", email: null, role: "operator" };

/** Ids named in the audit log; the run's receipt has them all. */
const IDS_IN_AUDIT = 20;

/** The latest runs. */
export const GET = defineRoute({
  output: redriveRunListSchema,
  call: async () => ({ items: await runs({ ctx: { runs: redriveRuns() }, input: {} }) }),
});

/** Freezes a selection into a run, which a worker carries out; the same request again is the same run. */
export const POST = defineRoute({
  body: redriveRequestSchema,
  output: redriveRunSchema,
  async call({ body }) {
    const result = await audited(
      {
        ctx: auditContext(),
        actor: ACTOR,
        action: "redrive.start",
        target: body.runId,
        reason: body.reason,
        asked: { selected: body.deathIds.length, deathIds: body.deathIds.slice(0, IDS_IN_AUDIT) },
        after: ({ outcome }) => ({ outcome }),
        outcome: ({ outcome }) => (outcome === "created" || outcome === "existing" ? "done" : { outcome: "refused", error: outcome }),
      },
      () => redrive({ ctx: { runs: redriveRuns() }, input: { ...body, actor: ACTOR.name } }),
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
