import { auditedDrainAct, drainAnswer, drainContext, OPERATOR } from "#app/server/drain-acts.ts";
import { drainActRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { resumeDrain } from "#lib/services/drain/resume.ts";

export const POST = defineRoute({
  body: drainActRequestSchema,
  output: drainAnswerSchema,
  call: async ({ body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: OPERATOR, action: "drain.resume", input: body }, () =>
        resumeDrain({ ctx: drainContext(), input: { ...body, actor: OPERATOR.name } }),
      ),
    ),
});
