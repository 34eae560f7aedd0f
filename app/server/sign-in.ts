import "server-only";
import { authServer, clientOf } from "#lib/auth/server.ts";
import type { SignInOutcome } from "#lib/auth/sign-in.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";

/** What every way of signing in needs: the parts, and who asks. */
export const signInParts = (request: Request) => ({ ctx: authServer(), client: clientOf(request.headers) });

/** The answer to an attempt that was not looked at: this one's limit, or everybody's. */
export function tryLater({ outcome, retryInSeconds }: { outcome: "later" | "busy"; retryInSeconds: number }): HttpProblem {
  const detail = `Try again in ${retryInSeconds} ${retryInSeconds === 1 ? "second" : "seconds"}.`;
  if (outcome === "busy") return new HttpProblem({ status: 503, code: "sign_in_busy", title: "Too many people are signing in", detail: `Too many sign-ins are under way. ${detail}`, retryInSeconds });
  return new HttpProblem({ status: 429, code: "too_many_attempts", title: "Too many attempts", detail, retryInSeconds });
}

/**
 * The answer to an attempt. Its cookies go into the answer's headers and nowhere else: no token stands in a body.
 * @throws HttpProblem for all but a sign-in.
 */
export function signInAnswer(result: SignInOutcome, headers: Headers, refusal: { code: string; title: string; detail: string }): { done: true } {
  if (result.outcome === "signed_in") {
    for (const cookie of result.cookies) headers.append("set-cookie", cookie);
    return { done: true };
  }
  if (result.outcome === "refused") throw new HttpProblem({ status: 401, ...refusal });
  throw tryLater(result);
}
