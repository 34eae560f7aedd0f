import { auditContext } from "#app/server/audit.ts";
import { personParamsSchema } from "#app/people/params.ts";
import { nobodyThere, peopleContext, refused } from "#app/server/people.ts";
import { authServer } from "#lib/auth/server.ts";
import { endSessionsRequestSchema, endedSchema, personSessionsSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { endSessions } from "#lib/services/people/end-sessions.ts";
import { sessions } from "#lib/services/people/sessions.ts";

/** Where a person is signed in. */
export const GET = defineRoute({
  permission: "people:manage",
  params: personParamsSchema,
  output: personSessionsSchema,
  call: async ({ allowed, params }) => ({ items: await sessions({ ctx: peopleContext(), by: allowed, input: { ...params, current: allowed.session.id } }) }),
});

/** Ends one of them, or all. */
export const POST = defineRoute({
  permission: "people:manage",
  params: personParamsSchema,
  body: endSessionsRequestSchema,
  output: endedSchema,
  async call({ allowed, params, body }) {
    const person = await authServer().people.find(params.id);
    if (person === null) throw nobodyThere();
    const ended = await audited(
      {
        ctx: auditContext(),
        actor: allowed.actor,
        action: "session.end",
        target: person.email,
        asked: body,
        after: (count) => (count === null ? undefined : { ended: count }),
        outcome: (count) => (count === null ? { outcome: "refused", error: "no_longer_admin" } : "done"),
      },
      () => endSessions({ ctx: peopleContext(), by: allowed, input: { ...params, ...body } }),
    );
    if (ended === null) throw refused("no_longer_admin");
    return { ended };
  },
});
