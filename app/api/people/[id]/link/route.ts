import { z } from "zod";
import { personParamsSchema } from "#app/people/params.ts";
import { auditedPersonAct, linkAnswer, peopleContext } from "#app/server/people.ts";
import { linkAnswerSchema } from "#lib/contracts/people.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { newLink } from "#lib/services/people/new-link.ts";

/** Makes a person a new link; this answer is the only one that holds it. */
export const POST = defineRoute({
  permission: "people:manage",
  params: personParamsSchema,
  body: z.strictObject({}),
  output: linkAnswerSchema,
  async call({ allowed, params }) {
    const { token, hash } = newLinkToken();
    const person = await auditedPersonAct({ allowed, action: "person.link", id: params.id }, () => newLink({ ctx: peopleContext(), by: allowed, input: { ...params, tokenHash: hash } }));
    return linkAnswer(person, token);
  },
});
