/** What a body may be sent as. `text` is what a browser sends to any origin without asking first. */
const FORMATS = { "application/json": "json", "application/x-ndjson": "ndjson", "text/plain": "text" } as const;
export type BodyFormat = (typeof FORMATS)[keyof typeof FORMATS];

/** Reads a `Content-Type`. @returns null for any other type, and for any other charset than UTF-8. */
export function bodyFormat(contentType: string | undefined): BodyFormat | null {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return null;
  return Object.entries(FORMATS).find(([name]) => name === type.trim())?.[1] ?? null;
}

/** Reads a `Content-Encoding`. @returns null for what is not unpacked here. */
export function bodyEncoding(contentEncoding: string | undefined): "identity" | "gzip" | null {
  const encoding = (contentEncoding ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return "identity";
  // The two names mean the same (RFC 9110, section 8.4.1.3).
  return encoding === "gzip" || encoding === "x-gzip" ? "gzip" : null;
}
