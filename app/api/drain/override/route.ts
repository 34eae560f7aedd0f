import { auditedDrainAct, drainAnswer, drainContext, OPERATOR } from "#app/server/drain-acts.ts";
import { drainActRequestSchema, drainOverrideRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { overrideDrain } from "#lib/services/drain/override.ts";
import { revertOverride } from "#lib/services/drain/revert-override.ts";

export const POST = defineRoute({
  body: drainOverrideRequestSchema,
  output: drainAnswerSchema,
  call: async ({ body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: OPERATOR, action: "drain.override", input: body }, () =>
        overrideDrain({ ctx: drainContext(), input: { ...body, actor: OPERATOR.name } }),
      ),
    ),
});

/** Ends the override before its time. */
export const DELETE = defineRoute({
  body: drainActRequestSchema,
  output: drainAnswerSchema,
  call: async ({ body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: OPERATOR, action: "drain.override_end", input: body }, () =>
        revertOverride({ ctx: drainContext(), input: { ...body, actor: OPERATOR.name } }),
      ),
    ),
});
