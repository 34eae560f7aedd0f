import { validate, version } from "uuid";
import { ACTIVITY_LIMITS, type Activity, activityInputSchema, instantSchema } from "#lib/contracts/activity.ts";
import { readActivity } from "./ingest-json.ts";

/** One fault of one activity; `field` is the full place, such as `activities[3].userId`. */
export interface ActivityFault {
  field: string;
  message: string;
}

/** An activity of a request after the contract was applied to it. */
export type Normalised =
  | { kind: "valid"; activity: Activity }
  /** `id` is the producer's own, when it can be read at all. */
  | { kind: "invalid"; id: string | undefined; faults: ActivityFault[] };

/** Milliseconds since the epoch that a UUIDv7 carries in its first 48 bits (RFC 9562, section 5.7), or null. */
export function uuidv7Time(id: string): number | null {
  if (!validate(id) || version(id) !== 7) return null;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Fixed-width UTC milliseconds, or null where the instant has no such form (years outside 0000-9999). */
function toInstant(epochMs: number): string | null {
  if (!Number.isFinite(epochMs) || Math.abs(epochMs) > 8.64e15) return null;
  const text = new Date(epochMs).toISOString();
  return instantSchema.safeParse(text).success ? text : null;
}

type Key = { id: string; occurredAt: string } | { field: "id" | "occurredAt"; message: string };

/** The key must come out the same at every retry: so it is read from the activity alone, or made here once. */
function keyOf(given: { id?: string | undefined; occurredAt?: string | undefined }, makeId: () => string): Key {
  const id = given.id ?? makeId();
  if (given.occurredAt !== undefined) {
    const occurredAt = toInstant(Date.parse(given.occurredAt));
    return occurredAt === null ? { field: "occurredAt", message: "is outside the years 0000 to 9999 in UTC" } : { id, occurredAt };
  }
  const time = uuidv7Time(id);
  if (time === null) {
    return { field: "occurredAt", message: "must be given with an id that is not a UUIDv7, or a retry would be another activity" };
  }
  const occurredAt = toInstant(time);
  return occurredAt === null ? { field: "id", message: "is a UUIDv7 whose time is outside the years 0000 to 9999" } : { id, occurredAt };
}

function zodPath(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
}

function ownId(value: unknown): string | undefined {
  const id = typeof value === "object" && value !== null ? (value as { id?: unknown }).id : undefined;
  const parsed = activityInputSchema.shape.id.safeParse(id);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Applies the contract to one activity. One that is too large is not looked into, so that no step takes long.
 * @param part its text, and nothing else but space. @param field its place in the request.
 */
export function normaliseActivity(part: string, field: string, makeId: () => string): Normalised | { kind: "no_json"; message: string } {
  const text = part.trim();
  const bytes = Buffer.byteLength(text);
  if (bytes > ACTIVITY_LIMITS.activityBytes) {
    return { kind: "invalid", id: undefined, faults: [{ field, message: `is ${bytes} bytes; an activity is at most ${ACTIVITY_LIMITS.activityBytes} bytes` }] };
  }
  let value: unknown;
  try {
    // The part, not what trim makes of it: other space than JSON's is none.
    value = JSON.parse(part);
  } catch (cause) {
    return { kind: "no_json", message: cause instanceof Error ? cause.message : String(cause) };
  }
  const raw = readActivity(text);
  const invalid = (faults: ActivityFault[]): Normalised => ({ kind: "invalid", id: ownId(value), faults });
  const parsed = activityInputSchema.safeParse(value);
  const faults = raw.faults.map(({ path, message }) => ({ field: field + path, message }));
  if (!parsed.success) {
    faults.push(
      ...parsed.error.issues.flatMap((issue) =>
        issue.code === "unrecognized_keys"
          ? issue.keys.slice(0, 10).map((key) => ({ field: `${field}.${key.slice(0, 64)}`, message: "is not a field of an activity" }))
          : [{ field: field + zodPath(issue.path), message: issue.message }],
      ),
    );
  }
  if (!parsed.success || faults.length > 0) return invalid(faults);
  const key = keyOf(parsed.data, makeId);
  if ("message" in key) return invalid([{ field: `${field}.${key.field}`, message: key.message }]);
  const { userId, type, sessionId, source } = parsed.data;
  const activity: Activity = {
    id: key.id,
    userId,
    type,
    occurredAt: key.occurredAt,
    ...(sessionId !== undefined && { sessionId }),
    ...(source !== undefined && { source }),
    ...(raw.properties && { properties: text.slice(raw.properties.start, raw.properties.end) }),
  };
  return { kind: "valid", activity };
}
