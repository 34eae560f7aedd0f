import { idParamsSchema } from "#app/dead-letters/params.ts";
import { ledger } from "#app/server/dead-letters.ts";
import { deadLetterDetailSchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { detail } from "#lib/services/dead-letters/detail.ts";

/** One death with its history, and of its body the structure. */
export const GET = defineRoute({
  permission: "dead_letters:read",
  params: idParamsSchema,
  output: deadLetterDetailSchema,
  async call({ allowed, params }) {
    const found = await detail({ ctx: { ledger: ledger() }, by: allowed, input: params });
    if (found === null) throw new HttpProblem({ status: 404, code: "not_found", title: "There is no such dead letter" });
    return found;
  },
});
