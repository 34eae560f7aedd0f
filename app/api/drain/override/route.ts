import { auditedDrainAct, drainAnswer, drainContext } from "#app/server/drain-acts.ts";
import { drainActRequestSchema, drainOverrideRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { overrideDrain } from "#lib/services/drain/override.ts";
import { revertOverride } from "#lib/services/drain/revert-override.ts";

export const POST = defineRoute({
  permission: "drain:write",
  body: drainOverrideRequestSchema,
  output: drainAnswerSchema,
  call: async ({ allowed, body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: allowed.actor, action: "drain.override", input: body }, () =>
        overrideDrain({ ctx: drainContext(), by: allowed, input: body }),
      ),
    ),
});

/** Ends the override before its time. */
export const DELETE = defineRoute({
  permission: "drain:write",
  body: drainActRequestSchema,
  output: drainAnswerSchema,
  call: async ({ allowed, body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: allowed.actor, action: "drain.override_end", input: body }, () =>
        revertOverride({ ctx: drainContext(), by: allowed, input: body }),
      ),
    ),
});
