import { createHash } from "node:crypto";
import type { SearchRange } from "./search-range.ts";

/** Bytes of the digest that stand before the sort key in a cursor. */
const DIGEST_BYTES = 16;

/** The form of a sort key; without it, or outside the range, DynamoDB refuses the whole Query. */
const SORT_KEY = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[^]{1,128}$/;
/** Latest sort key without its id, where the range has no end. */
const LAST_INSTANT = "9999-12-31T23:59:59.999Z";

/** What a cursor belongs to: it goes on from `after` for this user, range and kind of query only. */
interface CursorPlace extends SearchRange {
  user: string;
  after: string;
  /** All else that makes the query what it is, such as its order. */
  query?: string;
}

function digestOf({ user, from, to, after, query }: CursorPlace): Buffer {
  const text = JSON.stringify(["activity-cursor", 1, user, from ?? null, to ?? null, after, ...(query === undefined ? [] : [query])]);
  return createHash("sha256").update(text).digest().subarray(0, DIGEST_BYTES);
}

/**
 * Makes the cursor that goes on after a sort key: a digest over user, range, query and key, then the key. The user id
 * itself is not in it. The digest finds mix-ups and garbling; it is no lock and needs no secret, because what
 * a caller may read is decided by the user id of the query, never by the cursor.
 */
export function encodeCursor(place: CursorPlace): string {
  return Buffer.concat([digestOf(place), Buffer.from(place.after, "utf8")]).toString("base64url");
}

function isWithin(after: string, { from = "0", to = LAST_INSTANT }: SearchRange): boolean {
  return SORT_KEY.test(after) && after >= from && after <= `${to}#~`;
}

/**
 * @returns the sort key to go on after, or null when the cursor is garbled or of another user, range or query. Anybody can
 *   compute a digest, so the key itself is looked at too.
 */
export function decodeCursor(cursor: string, search: Omit<CursorPlace, "after">): string | null {
  const bytes = Buffer.from(cursor, "base64url");
  // Node skips what is not base64url; only the one canonical spelling is taken.
  if (bytes.length <= DIGEST_BYTES || bytes.toString("base64url") !== cursor) return null;
  const after = bytes.subarray(DIGEST_BYTES).toString("utf8");
  return isWithin(after, search) && digestOf({ ...search, after }).equals(bytes.subarray(0, DIGEST_BYTES)) ? after : null;
}
