import { personParamsSchema } from "#app/people/params.ts";
import { auditedPersonAct, peopleContext } from "#app/server/people.ts";
import { changeStateRequestSchema, personAnswerSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { setDisabled } from "#lib/services/people/set-disabled.ts";

/** Shuts a person out, or lets them in again. */
export const POST = defineRoute({
  permission: "people:manage",
  params: personParamsSchema,
  body: changeStateRequestSchema,
  output: personAnswerSchema,
  call: async ({ allowed, params, body }) => ({
    person: await auditedPersonAct({ allowed, action: body.disabled ? "person.disable" : "person.enable", id: params.id }, () =>
      setDisabled({ ctx: peopleContext(), by: allowed, input: { ...params, ...body } }),
    ),
  }),
});
