import { createHash, randomBytes } from "node:crypto";

const TOKEN_BYTES = 32;

/** What is kept of a link's token: of 256 random bits a plain hash tells nothing. */
export function linkTokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** The token of a one-time link, and the hash that is kept in its place. */
export function newLinkToken(): { token: string; hash: string } {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  return { token, hash: linkTokenHash(token) };
}
