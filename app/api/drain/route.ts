import { auditedDrainAct, drainAnswer, OPERATOR } from "#app/server/drain-acts.ts";
import { currentDrain, drainStore } from "#app/server/overview.ts";
import { drainChangeRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { changeDrain } from "#lib/services/drain/change.ts";

export const GET = defineRoute({ output: drainAnswerSchema, call: async () => ({ drain: await currentDrain() }) });

export const POST = defineRoute({
  body: drainChangeRequestSchema,
  output: drainAnswerSchema,
  call: async ({ body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: OPERATOR, action: "drain.rate", input: body }, () =>
        changeDrain({ ctx: { drain: drainStore() }, input: { ...body, actor: OPERATOR.name } }),
      ),
    ),
});
