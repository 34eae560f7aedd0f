import { auditedPersonAct, linkAnswer, peopleContext } from "#app/server/people.ts";
import { inviteRequestSchema, linkAnswerSchema, peopleListSchema } from "#lib/contracts/people.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { invite } from "#lib/services/people/invite.ts";
import { listPeople } from "#lib/services/people/list.ts";

/** Everybody. */
export const GET = defineRoute({
  permission: "people:manage",
  output: peopleListSchema,
  call: async ({ allowed }) => ({ items: await listPeople({ ctx: peopleContext(), by: allowed }) }),
});

/** Invites somebody; the answer is the only one that holds the link. */
export const POST = defineRoute({
  permission: "people:manage",
  body: inviteRequestSchema,
  output: linkAnswerSchema,
  status: 201,
  async call({ allowed, body }) {
    const { token, hash } = newLinkToken();
    const person = await auditedPersonAct({ allowed, action: "person.invite", id: null, asked: body }, () => invite({ ctx: peopleContext(), by: allowed, input: { ...body, tokenHash: hash } }));
    return linkAnswer(person, token);
  },
});
