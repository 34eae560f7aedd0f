/** Browser features that the dashboard never uses; none of its own or embedded code may ask for them. */
const REFUSED_FEATURES = ["accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb"];

/** A browser asks for the page over https only, for a year (seconds). */
const HSTS = "max-age=31536000";

/** What every answer of the dashboard carries, whichever it is: next.config.ts adds these to all of them. */
export const STATIC_HEADERS = {
  // Of what is no page nothing runs and nothing is framed; the proxy replaces this for pages.
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "same-origin",
  "Permissions-Policy": REFUSED_FEATURES.map((feature) => `${feature}=()`).join(", "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** Header by which the proxy hands the nonce to the page; what a client sends under this name is replaced. */
export const NONCE_HEADER = "x-nonce";

/** 128 bits that nobody can guess, as a nonce of a policy. */
export function makeNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
}

/**
 * The policy of one page. Scripts are our own files and the inline ones that carry the page's nonce; `strict-dynamic` is
 * not used, since it would leave our own chunks out that Next names without a nonce. Style elements need the nonce too;
 * style attributes stay open, because the server writes them (bar widths, Mantine's variables) and they run nothing.
 */
export function pagePolicy({ nonce, publicOrigin, development }: { nonce: string; publicOrigin: string; development: boolean }): string {
  const own = `'self' 'nonce-${nonce}'`;
  return [
    "default-src 'none'",
    `script-src ${own}${development ? " 'unsafe-eval'" : ""}`,
    // The development server's own overlay writes style elements without a nonce.
    `style-src ${development ? "'self' 'unsafe-inline'" : own}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${development ? " ws:" : ""}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(publicOrigin.startsWith("https:") ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
}

/** Headers that depend on where the dashboard is reached: nobody keeps an answer, and https stays https. */
export function answerHeaders(publicOrigin: string): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    ...(publicOrigin.startsWith("https:") && { "Strict-Transport-Security": HSTS }),
  };
}
