import { z } from "zod";
import { authServer, clientOf } from "#lib/auth/server.ts";
import { endSingleSignOn, ProviderAway } from "#lib/auth/single-sign-on.ts";
import { defineRoute } from "#lib/http/define-route.ts";

/** The browser comes back from the provider. It is sent on with its session, or to the sign-in page with a reason. */
export const GET = defineRoute({
  permission: "public",
  output: z.never(),
  async call({ request }) {
    const { singleSignOn } = authServer();
    const end = await endSingleSignOn({ ctx: singleSignOn, request, client: clientOf(request.headers) }).catch((error: unknown) => {
      if (error instanceof ProviderAway) return { location: "/sign-in?problem=single_sign_on_away", cookies: [] };
      throw error;
    });
    const headers = new Headers({ location: end.location, "cache-control": "no-store" });
    for (const cookie of end.cookies) headers.append("set-cookie", cookie);
    return new Response(null, { status: 302, headers });
  },
});
