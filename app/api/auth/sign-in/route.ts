import { signInAnswer, signInParts } from "#app/server/sign-in.ts";
import { signIn } from "#lib/auth/sign-in.ts";
import { doneSchema, signInRequestSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";

/** Signs a person in by e-mail and password. */
export const POST = defineRoute({
  permission: "public",
  body: signInRequestSchema,
  output: doneSchema,
  call: async ({ body, request, headers }) =>
    signInAnswer(await signIn({ ...signInParts(request), input: body }), headers, {
      code: "sign_in_refused",
      title: "Not signed in",
      detail: "E-mail and password do not fit together, or this person may not sign in.",
    }),
});
