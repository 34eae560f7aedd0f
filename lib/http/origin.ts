const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request may change something. A browser says by itself where a request comes from, by Sec-Fetch-Site and,
 * where that is too old for it, by Origin; another site's form or script can forge neither. A request with neither is
 * refused: it did not come from our page.
 * Forwarded headers are not read, since anybody can send them.
 */
export function mayAct(request: Request, publicOrigin: string): boolean {
  if (SAFE_METHODS.has(request.method)) return true;
  const site = request.headers.get("sec-fetch-site");
  return site === null ? request.headers.get("origin") === publicOrigin : site === "same-origin";
}
