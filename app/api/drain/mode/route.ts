import { auditedDrainAct, drainAnswer, drainContext } from "#app/server/drain-acts.ts";
import { drainModeRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { setMode } from "#lib/services/drain/set-mode.ts";

export const POST = defineRoute({
  permission: "drain:write",
  body: drainModeRequestSchema,
  output: drainAnswerSchema,
  call: async ({ allowed, body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: allowed.actor, action: "drain.mode", input: body }, () =>
        setMode({ ctx: drainContext(), by: allowed, input: body }),
      ),
    ),
});
