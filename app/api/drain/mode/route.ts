import { auditedDrainAct, drainAnswer, drainContext, OPERATOR } from "#app/server/drain-acts.ts";
import { drainModeRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { setMode } from "#lib/services/drain/set-mode.ts";

export const POST = defineRoute({
  body: drainModeRequestSchema,
  output: drainAnswerSchema,
  call: async ({ body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: OPERATOR, action: "drain.mode", input: body }, () =>
        setMode({ ctx: drainContext(), input: { ...body, actor: OPERATOR.name } }),
      ),
    ),
});
