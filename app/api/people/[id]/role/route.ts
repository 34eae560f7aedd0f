import { personParamsSchema } from "#app/people/params.ts";
import { auditedPersonAct, peopleContext } from "#app/server/people.ts";
import { changeRoleRequestSchema, personAnswerSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { setRole } from "#lib/services/people/set-role.ts";

/** Gives a person another role. */
export const POST = defineRoute({
  permission: "people:manage",
  params: personParamsSchema,
  body: changeRoleRequestSchema,
  output: personAnswerSchema,
  call: async ({ allowed, params, body }) => ({
    person: await auditedPersonAct({ allowed, action: "person.role", id: params.id, asked: body }, () => setRole({ ctx: peopleContext(), by: allowed, input: { ...params, ...body } })),
  }),
});
