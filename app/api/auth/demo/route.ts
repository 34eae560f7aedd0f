import { signInAnswer, signInParts } from "#app/server/sign-in.ts";
import { signInAsDemo } from "#lib/auth/sign-in.ts";
import { demoSignInRequestSchema, doneSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";

/** Signs a demo person in, where there are any. */
export const POST = defineRoute({
  permission: "public",
  body: demoSignInRequestSchema,
  output: doneSchema,
  call: async ({ body, request, headers }) =>
    signInAnswer(await signInAsDemo({ ...signInParts(request), role: body.role }), headers, {
      code: "no_demo_people",
      title: "There are no demo people here",
      detail: "They exist only where everything runs on one machine.",
    }),
});
