import { gunzipSync } from "node:zlib";
import type { Json } from "./strict-json.ts";
import { strictJson } from "./strict-json.ts";

/** One request as it went out. */
export interface Sent {
  body: Uint8Array;
  headers: Readonly<Record<string, string>>;
  /** It keeps the contract in all, so it must be taken. */
  valid: boolean;
}

/** What of an activity is stored; `properties` is its text. */
export interface Content {
  id: string;
  userId: string;
  type: string;
  occurredAt: string;
  sessionId: string | null;
  source: string | null;
  properties: string | null;
}

/** Contents are compared as text. */
export const contentKey = ({ id, userId, type, occurredAt, sessionId, source, properties }: Content): string =>
  JSON.stringify([id, userId, type, occurredAt, sessionId, source, properties]);

/** One item of the table has one such key: what is sent under it again replaces it. */
export const itemKey = ({ id, userId, occurredAt }: Content): string => JSON.stringify([userId, occurredAt, id]);

const FIELDS = new Set(["id", "userId", "type", "occurredAt", "sessionId", "source", "properties"]);
/** Characters that SQS carries, and no halves of them. */
const CARRIED = String.raw`[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]`;
/** What each text must be, from the documents; those that may be absent too. */
const TEXTS: readonly [field: string, form: RegExp, required: boolean][] = [
  ["id", /^[A-Za-z0-9_.:-]{1,128}$/, false],
  ["userId", new RegExp(`^${CARRIED}{1,256}$`, "u"), true],
  ["type", /^[a-z0-9_.-]{1,64}$/, true],
  ["occurredAt", /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/, false],
  ["sessionId", new RegExp(`^${CARRIED}{1,128}$`, "u"), false],
  ["source", new RegExp(`^${CARRIED}{1,128}$`, "u"), false],
];
const MOST_UNPACKED_BYTES = 1024 * 1024;

/** The text that a body holds, by our own reading of it; null where it holds none. */
export function textOf({ body, headers }: Sent): string | null {
  try {
    const bytes = headers["Content-Encoding"] === "gzip" ? gunzipSync(body, { maxOutputLength: MOST_UNPACKED_BYTES }) : body;
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The texts of a body's activities, as many as there must be verdicts; null where it has none. */
export function activitiesOf(sent: Sent): (Json | null)[] | null {
  const text = textOf(sent);
  if (text === null) return null;
  if (sent.headers["Content-Type"] === "application/x-ndjson") {
    return text
      .split("\n")
      .filter((line) => /[^ \t\r]/.test(line))
      .map((line) => strictJson(line));
  }
  const json = strictJson(text);
  if (json === null) return null;
  return json.kind === "array" ? json.items : [json];
}

function hasDoubleOrForbiddenKey(json: Json): boolean {
  if (json.kind === "array") return json.items.some(hasDoubleOrForbiddenKey);
  if (json.kind !== "object") return false;
  const keys = json.members.map(([key]) => key);
  return new Set(keys).size < keys.length || keys.includes("__proto__") || json.members.some(([, value]) => hasDoubleOrForbiddenKey(value));
}

/** Milliseconds in a UUIDv7's first 48 bits. */
const uuidTime = (id: string) => Number.parseInt(id.replace("-", "").slice(0, 12), 16);

/**
 * What must be stored when this activity was accepted.
 * @param given id and time of the verdict, for what the producer left out.
 * @returns the content, or why it should not have been accepted.
 */
export function expectedContent(json: Json | null, given: { id: string; occurredAt: string }): Content | { fault: string } {
  if (json?.kind !== "object") return { fault: "it is no JSON object" };
  if (hasDoubleOrForbiddenKey(json)) return { fault: "a key stands twice or is forbidden" };
  const odd = json.members.find(([key]) => !FIELDS.has(key));
  if (odd) return { fault: `it has the field ${odd[0].slice(0, 40)}` };
  const members = new Map(json.members);
  const text = (key: string): string | null => {
    const value = members.get(key);
    return value?.kind === "string" ? value.value : null;
  };
  for (const [key, value] of json.members) if (value.kind !== (key === "properties" ? "object" : "string")) return { fault: `${key} is of the wrong kind` };
  const wrong = TEXTS.find(([field, form, required]) => {
    const value = text(field);
    return value === null ? required : !form.test(value);
  });
  if (wrong) return { fault: `${wrong[0]} is not as it must be` };
  const id = text("id") ?? given.id;
  const time = text("occurredAt");
  const at = new Date(time === null ? uuidTime(id) : Date.parse(time));
  if (Number.isNaN(at.getTime())) return { fault: "it has no time" };
  return {
    id,
    userId: text("userId") ?? "",
    type: text("type") ?? "",
    occurredAt: at.toISOString(),
    sessionId: text("sessionId"),
    source: text("source"),
    properties: members.get("properties")?.text ?? null,
  };
}
