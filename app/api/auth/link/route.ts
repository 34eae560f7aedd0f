import { signInAnswer, signInParts } from "#app/server/sign-in.ts";
import { redeemLink } from "#lib/auth/sign-in.ts";
import { doneSchema, redeemLinkRequestSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";

/** Uses a one-time link: sets a password and signs its person in. The token comes in the body, never in an address. */
export const POST = defineRoute({
  permission: "public",
  body: redeemLinkRequestSchema,
  output: doneSchema,
  call: async ({ body, request, headers }) =>
    signInAnswer(await redeemLink({ ...signInParts(request), input: body }), headers, {
      code: "link_of_no_use",
      title: "This link is of no use",
      detail: "It was used, replaced or is too old. Ask an admin for a new one.",
    }),
});
