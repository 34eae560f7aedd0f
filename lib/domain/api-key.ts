import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Bytes from here on would make the first characters of the alphabet likelier than the rest. */
const FIRST_UNFAIR_BYTE = 256 - (256 % ALPHABET.length);
const ID_CHARACTERS = 12;
/** 43 characters of 62 hold 256 bits. */
const SECRET_CHARACTERS = 43;

/** `sw_live_<id>_<secret>`; the id is public, the secret is not. */
const KEY = new RegExp(`^sw_live_([0-9A-Za-z]{${ID_CHARACTERS}})_[0-9A-Za-z]{${SECRET_CHARACTERS}}$`);
/** What may be a key inside other text, cut or lengthened ones included. */
const KEY_IN_TEXT = new RegExp(`(sw_live_[0-9A-Za-z]{${ID_CHARACTERS}})_[0-9A-Za-z]+`, "g");
const BEARER = /^bearer +([^\s]+) *$/i;

function randomText(characters: number, random: (bytes: number) => Uint8Array): string {
  let text = "";
  while (text.length < characters) {
    for (const byte of random(characters - text.length)) if (byte < FIRST_UNFAIR_BYTE) text += ALPHABET.charAt(byte % ALPHABET.length);
  }
  return text;
}

/** SHA-256 of a whole key, in hex: what is kept of it. */
export function apiKeyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Makes a key. @param random gives so many random bytes; from the system's generator unless a test says else. */
export function newApiKey(random: (bytes: number) => Uint8Array = randomBytes): { id: string; key: string; hash: string } {
  const id = randomText(ID_CHARACTERS, random);
  const key = `sw_live_${id}_${randomText(SECRET_CHARACTERS, random)}`;
  return { id, key, hash: apiKeyHash(key) };
}

/** The id of what has the form of a key, or null. */
export function apiKeyId(text: string): string | null {
  return KEY.exec(text)?.[1] ?? null;
}

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerToken(header: string | null): string | null {
  return BEARER.exec(header ?? "")?.[1] ?? null;
}

/** Whether two hashes are the same, in a time that tells nothing of where they differ. */
export function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Text without the secrets of keys in it; their ids stay. */
export function withoutApiKeys(text: string): string {
  return text.replace(KEY_IN_TEXT, "$1_…");
}
