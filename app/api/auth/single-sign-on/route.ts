import { tryLater } from "#app/server/sign-in.ts";
import { authServer, clientOf } from "#lib/auth/server.ts";
import { beginSingleSignOn, ProviderAway } from "#lib/auth/single-sign-on.ts";
import { jsonLine } from "#lib/contracts/log-line.ts";
import { singleSignOnAnswerSchema, singleSignOnRequestSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";

/** Where the browser goes to sign in at the provider. */
export const POST = defineRoute({
  permission: "public",
  body: singleSignOnRequestSchema,
  output: singleSignOnAnswerSchema,
  async call({ body, request, headers }) {
    const client = clientOf(request.headers);
    const { limits, singleSignOn } = authServer();
    // Each start keeps a row for ten minutes: nobody fills the table.
    const admitted = await limits.attempt({ account: null, client: client.address });
    if (!admitted.admitted) throw tryLater({ outcome: "later", retryInSeconds: admitted.retryInSeconds });
    try {
      const { url, cookies } = await beginSingleSignOn({ ctx: singleSignOn, next: body.next, client });
      for (const cookie of cookies) headers.append("set-cookie", cookie);
      return { url };
    } catch (cause) {
      if (!(cause instanceof ProviderAway)) throw cause;
      process.stderr.write(`${jsonLine({ at: new Date().toISOString(), level: "error", event: "single_sign_on_away", error: cause.message })}\n`);
      throw new HttpProblem({ status: 503, code: "single_sign_on_away", title: "The single sign-on does not answer", detail: "Try again in a moment, or sign in by password." });
    }
  },
});
