import { auditedDrainAct, drainAnswer } from "#app/server/drain-acts.ts";
import { drainStore, readDial } from "#app/server/overview.ts";
import { drainChangeRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { changeDrain } from "#lib/services/drain/change.ts";

export const GET = defineRoute({ permission: "queue:read", output: drainAnswerSchema, call: async ({ allowed }) => ({ drain: await readDial({ by: allowed }) }) });

export const POST = defineRoute({
  permission: "drain:write",
  body: drainChangeRequestSchema,
  output: drainAnswerSchema,
  call: async ({ allowed, body }) =>
    drainAnswer(
      await auditedDrainAct({ actor: allowed.actor, action: "drain.rate", input: body }, () =>
        changeDrain({ ctx: { drain: drainStore() }, by: allowed, input: body }),
      ),
    ),
});
