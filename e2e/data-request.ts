import type { APIRequestContext, APIResponse } from "@playwright/test";

interface Options {
  method?: string;
  headers?: Record<string, string>;
  data?: unknown;
}

/** The server ends connections that nobody has used for a while: a request that met its end is sent again. */
export const STALE_RETRIES = 3;

/**
 * Asks as a page's own code does for its data. Next sends a request for data whose address lacks the right mark of its
 * headers to the one that has it; only that is followed, so that a page's redirect is still seen.
 * @param url whole, so that what begins with `//` is a path too.
 */
export async function fetchData(context: APIRequestContext, url: string, options: Options = {}): Promise<APIResponse> {
  const answer = await context.fetch(url, { maxRedirects: 0, maxRetries: STALE_RETRIES, ...options });
  const { location } = answer.headers();
  if (location === undefined || !/[?&]_rsc\b/.test(location) || options.headers?.rsc === undefined) return answer;
  const to = new URL(location, url);
  if (to.pathname !== new URL(url).pathname) return answer;
  return context.fetch(to.href, { maxRedirects: 0, maxRetries: STALE_RETRIES, ...options });
}
