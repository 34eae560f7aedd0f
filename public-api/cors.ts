import type { IncomingMessage, ServerResponse } from "node:http";
import { respondEmpty } from "./respond.ts";

/** Stands for any origin where it is the only one configured. */
export const ANY_ORIGIN = "*";
/** How long a browser may remember a preflight, seconds: the most that Chromium takes. */
const PREFLIGHT_SECONDS = 7_200;
/** What a page may read of an answer beyond what any page may. */
const EXPOSED = "Retry-After, RateLimit, RateLimit-Policy";

/** Which pages of other origins may send here and read the answers (Fetch standard, "CORS protocol"). */
export interface Cors {
  /** Whether a page of this origin may. @param origin the request's `Origin`; absent where no browser sends it. */
  allows(origin: string | undefined): boolean;
  /**
   * Puts the headers on the answer to come, whatever that will be, and answers a preflight: it carries no key.
   * @returns whether the request has its answer.
   */
  apply(request: IncomingMessage, response: ServerResponse): boolean;
}

/** @param origins exact origins; `*` alone is any; none closes the API to pages. Nobody is let in by it: that takes a key. */
export function createCors(origins: readonly string[]): Cors {
  const any = origins.includes(ANY_ORIGIN);
  const allows = (origin: string | undefined) => origin !== undefined && (any || origins.includes(origin));
  return {
    allows,
    apply(request, response) {
      const { origin } = request.headers;
      // With `*` too: what a cache got without an origin has no leave for a page in it.
      if (origins.length > 0) response.setHeader("Vary", "Origin");
      if (origin === undefined || !allows(origin)) return false;
      response.setHeader("Access-Control-Allow-Origin", any ? ANY_ORIGIN : origin);
      if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) {
        response.setHeader("Access-Control-Expose-Headers", EXPOSED);
        return false;
      }
      respondEmpty(response, 204, {
        // The same for every address, so that it tells nothing of what there is.
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
        "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
      });
      return true;
    },
  };
}
