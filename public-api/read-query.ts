import { activityReadQuerySchema, type ActivityReadQuery } from "#lib/contracts/activity-read.ts";

export interface QueryFault {
  field: string;
  message: string;
}

const NAMES = Object.keys(activityReadQuerySchema.shape);

/** Undoes percent-encoding, once. A plus sign stays one: no value here has a space, and times have it in their zone. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function value(name: string, text: string): unknown {
  if (name === "type") return text.split(",");
  if (name === "limit") return /^\d{1,9}$/.test(text) ? Number(text) : text;
  return text;
}

/**
 * Reads the query of `GET /v1/users/{userId}/activities`.
 * @param search what stands after the question mark.
 * @returns every fault, or the query.
 */
export function readActivityQuery(search: string): { ok: true; query: ActivityReadQuery } | { ok: false; faults: QueryFault[] } {
  const faults: QueryFault[] = [];
  const given = new Map<string, unknown>();
  for (const pair of search.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = decoded(at < 0 ? pair : pair.slice(0, at));
    const text = decoded(at < 0 ? "" : pair.slice(at + 1));
    if (name === null || !NAMES.includes(name)) faults.push({ field: "query", message: `holds a parameter that is not one of ${NAMES.join(", ")}` });
    else if (text === null) faults.push({ field: name, message: "is not percent-encoded UTF-8" });
    else if (given.has(name)) faults.push({ field: name, message: name === "type" ? "stands there twice; separate several types by commas" : "stands there twice" });
    else given.set(name, value(name, text));
  }
  const parsed = activityReadQuerySchema.safeParse(Object.fromEntries(given));
  if (!parsed.success) faults.push(...parsed.error.issues.map(({ path, message }) => ({ field: String(path[0] ?? "query"), message })));
  if (faults.length > 0 || !parsed.success) return { ok: false, faults };
  return { ok: true, query: parsed.data };
}
