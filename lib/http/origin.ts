const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function isLoopback(origin: string | null): boolean {
  const url = origin === null ? null : URL.parse(origin);
  return url !== null && LOOPBACK.test(url.hostname);
}

/** On loopback the dashboard has several names and tunnels several ports; a foreign name that resolves to it is none of them. */
function isOurs(origin: string, publicOrigin: string): boolean {
  return origin === publicOrigin || (isLoopback(publicOrigin) && isLoopback(origin));
}

/** Without the browser's own word, another port of this machine is another page: only the one that was asked is ours. */
function isSameOrigin(origin: string, publicOrigin: string, host: string | null): boolean {
  return origin === publicOrigin || (isLoopback(publicOrigin) && isLoopback(origin) && URL.parse(origin)?.host === host);
}

/**
 * Whether a request may be answered, and with an unsafe method change something. A browser says by itself where a
 * request comes from, by Sec-Fetch-Site and by Origin; another site's form or script can forge neither. A page whose
 * name was made to resolve to this address (DNS rebinding) is "same-origin" to the browser, and given away by Origin and
 * by Host. An unsafe request with neither Sec-Fetch-Site nor Origin is refused: it did not come from our page.
 * Forwarded headers are not read, since anybody can send them; behind a proxy Host may be any, so it counts on
 * loopback alone.
 */
export function mayAct(request: Pick<Request, "method" | "headers">, publicOrigin: string): boolean {
  const host = request.headers.get("host");
  if (host !== null && isLoopback(publicOrigin) && !isLoopback(`http://${host}`)) return false;
  if (SAFE_METHODS.has(request.method)) return true;
  const origin = request.headers.get("origin");
  if (origin !== null && !isOurs(origin, publicOrigin)) return false;
  const site = request.headers.get("sec-fetch-site");
  return site === null ? origin !== null && isSameOrigin(origin, publicOrigin, host) : site === "same-origin";
}
