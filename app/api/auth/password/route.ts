import { signInParts, tryLater } from "#app/server/sign-in.ts";
import { changePassword } from "#lib/auth/change-password.ts";
import { changePasswordAnswerSchema, changePasswordRequestSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";

/** Changes the password of whoever is signed in. */
export const POST = defineRoute({
  permission: "any_role",
  body: changePasswordRequestSchema,
  output: changePasswordAnswerSchema,
  async call({ allowed: { session }, body, request }) {
    const result = await changePassword({ ...signInParts(request), session, input: body });
    switch (result.outcome) {
      case "changed":
        return { sessionsEnded: result.ended };
      case "wrong_password":
        throw new HttpProblem({ status: 422, code: "wrong_password", title: "This is not your password", detail: "The current password is wrong.", errors: [{ field: "current", message: "is wrong" }] });
      case "no_password":
        throw new HttpProblem({ status: 409, code: "no_password", title: "You have no password here", detail: "You sign in another way; there is no password to change." });
      case "overtaken":
        throw new HttpProblem({ status: 409, code: "password_changed_meanwhile", title: "Somebody was first", detail: "Your password or your session was changed meanwhile. Nothing was changed by this." });
      default:
        throw tryLater(result);
    }
  },
});
