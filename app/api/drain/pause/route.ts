import { auditedDrainAct, drainAnswer, drainContext } from "#app/server/drain-acts.ts";
import { drainActRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { pauseDrain } from "#lib/services/drain/pause.ts";

export const POST = defineRoute({
  permission: "drain:write",
  body: drainActRequestSchema,
  output: drainAnswerSchema,
  call: async ({ allowed, body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: allowed.actor, action: "drain.pause", input: body }, () =>
        pauseDrain({ ctx: drainContext(), by: allowed, input: body }),
      ),
    ),
});
