/** How long a copy may be believed. The file is made when it is asked for, so it never runs out; RFC 9116 asks for less than a year. */
const GOOD_FOR_DAYS = 180;
const DAY_MS = 86_400_000;

/**
 * The file that tells whoever finds a hole whom to tell (RFC 9116).
 * @param contact `mailto:`, `https:` or `tel:` address. @param now milliseconds since the epoch.
 */
export function securityTxt({ contact, publicOrigin, now }: { contact: string; publicOrigin: string; now: number }): string {
  const expires = new Date((Math.floor(now / DAY_MS) + GOOD_FOR_DAYS) * DAY_MS).toISOString();
  return [`Contact: ${contact}`, `Expires: ${expires}`, "Preferred-Languages: en", `Canonical: ${publicOrigin}/.well-known/security.txt`, ""].join("\n");
}
