import { type NextRequest, NextResponse } from "next/server";
import { isDevelopment, webConfig } from "#lib/config/web.ts";
import { mayAct } from "#lib/http/origin.ts";
import { answerHeaders, makeNonce, NONCE_HEADER, pagePolicy } from "#lib/http/security-headers.ts";

/**
 * Stands in front of every page: refuses what does not come from the dashboard, and gives the page its policy with a
 * nonce of its own, from which Next takes it for its scripts. It is not the lock: each page and route asks by itself who
 * is there, so nothing is won by getting past it.
 */
export function proxy(request: NextRequest): NextResponse {
  const { publicOrigin } = webConfig();
  if (!mayAct(request, publicOrigin)) {
    return new NextResponse("The request does not come from this dashboard. Open it under its configured address.\n", {
      status: 403,
      headers: { "Content-Type": "text/plain; charset=utf-8", ...answerHeaders(publicOrigin) },
    });
  }
  const nonce = makeNonce();
  const policy = pagePolicy({ nonce, publicOrigin, development: isDevelopment() });
  const headers = new Headers(request.headers);
  headers.set(NONCE_HEADER, nonce);
  headers.set("content-security-policy", policy);
  headers.delete("content-security-policy-report-only");
  const response = NextResponse.next({ request: { headers } });
  for (const [name, value] of Object.entries({ ...answerHeaders(publicOrigin), "Content-Security-Policy": policy })) response.headers.set(name, value);
  return response;
}

/** All but the routes, which do the same for themselves and must get their bodies whole, and the built files. */
export const config = { matcher: ["/((?!api/|_next/static/).*)"] };
