const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request may change something. A browser says by itself where a request comes from; another site's
 * form or script cannot forge either header. A request with neither is refused: it did not come from our page.
 * Forwarded headers are not read, since anybody can send them.
 */
export function mayAct(request: Request, publicOrigin: string): boolean {
  if (SAFE_METHODS.has(request.method)) return true;
  return request.headers.get("sec-fetch-site") === "same-origin" || request.headers.get("origin") === publicOrigin;
}
