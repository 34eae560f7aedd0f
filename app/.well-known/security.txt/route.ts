import { z } from "zod";
import { webConfig } from "#lib/config/web.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { securityTxt } from "#lib/http/security-txt.ts";

/** Whom to tell of a hole, where the operator has said so. */
export const GET = defineRoute({
  permission: "public",
  output: z.never(),
  async call() {
    const { securityContact, publicOrigin } = webConfig();
    if (securityContact === null) throw new HttpProblem({ status: 404, code: "not_found", title: "There is no such thing here" });
    return new Response(securityTxt({ contact: securityContact, publicOrigin, now: Date.now() }), { headers: { "content-type": "text/plain; charset=utf-8" } });
  },
});
