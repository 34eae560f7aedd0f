import { idParamsSchema } from "#app/dead-letters/params.ts";
import { redriveRuns } from "#app/server/dead-letters.ts";
import { redriveReceiptSchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { receipt } from "#lib/services/dead-letters/receipt.ts";

/** Receipt of one run. */
export const GET = defineRoute({
  permission: "dead_letters:read",
  params: idParamsSchema,
  output: redriveReceiptSchema,
  async call({ allowed, params }) {
    const found = await receipt({ ctx: { runs: redriveRuns() }, by: allowed, input: { runId: params.id } });
    if (found === null) throw new HttpProblem({ status: 404, code: "not_found", title: "There is no such redrive run" });
    return found;
  },
});
