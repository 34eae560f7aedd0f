import type { ActivityToTrack, TrackedActivity } from "./types.ts";

/** Bytes of one activity that the API takes. */
export const MAX_ACTIVITY_BYTES = 64 * 1024;

/** An activity of the buffer: its JSON text never changes, so that every try sends the same. */
export interface Entry {
  readonly id: string;
  readonly userId: string;
  readonly text: string;
  /** Of the text, in UTF-8. */
  readonly bytes: number;
  /** Its place in the storage; null = in memory only. */
  key: string | null;
  /** Given to a beacon since the page was hidden. */
  beaconed: boolean;
}

const encoder = new TextEncoder();

/** An entry of text that was made here, now or before the page was loaded again. Null when it is no activity. */
export function entryOf(text: string, key: string | null): Entry | null {
  const { id, userId, type, occurredAt } = (parsed(text) ?? {}) as Partial<TrackedActivity>;
  if (typeof id !== "string" || typeof userId !== "string" || typeof type !== "string" || typeof occurredAt !== "string") return null;
  return { id, userId, text, bytes: encoder.encode(text).length, key, beaconed: false };
}

/** @returns undefined when it is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The activity of an entry, for callbacks. */
export function activityOf(entry: Entry): TrackedActivity {
  return JSON.parse(entry.text) as TrackedActivity;
}

function text(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw new TypeError(`${name} must be a text that is not empty`);
  return value;
}

function instant(value: Date | string | number): string {
  // Without a zone a text means another time on each machine.
  if (typeof value === "string" && !/(?:Z|[+-]\d\d:?\d\d)$/i.test(value)) throw new TypeError("occurredAt must have a zone, such as 2026-01-31T12:00:00.000Z");
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) throw new TypeError("occurredAt must be a date and time");
  return date.toISOString();
}

/**
 * Reads what the host gave, each field once, and writes it down as it is now.
 * @throws whatever the host's getters and `toJSON` throw, and TypeError or RangeError for what is no activity.
 */
export function newEntry(activity: ActivityToTrack, { makeId, nowMs }: { makeId: () => string; nowMs: number }): Entry {
  const { userId, type, occurredAt, sessionId, source, properties } = activity;
  if (properties !== undefined && (typeof properties !== "object" || properties === null || Array.isArray(properties))) throw new TypeError("properties must be an object");
  const made: TrackedActivity = {
    id: makeId(),
    userId: text("userId", userId),
    type: text("type", type),
    occurredAt: instant(occurredAt ?? nowMs),
    ...(sessionId !== undefined && { sessionId: text("sessionId", sessionId) }),
    ...(source !== undefined && { source: text("source", source) }),
    ...(properties !== undefined && { properties }),
  };
  const written = JSON.stringify(made);
  const bytes = encoder.encode(written).length;
  if (bytes > MAX_ACTIVITY_BYTES) throw new RangeError(`the activity is ${bytes} bytes of JSON; at most ${MAX_ACTIVITY_BYTES} are taken`);
  return { id: made.id, userId: made.userId, text: written, bytes, key: null, beaconed: false };
}
