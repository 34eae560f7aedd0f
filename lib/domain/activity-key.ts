import { hash as digest } from "node:crypto";
import type { Activity } from "#lib/contracts/activity.ts";

/**
 * SQS takes 128 characters of ASCII in a group or deduplication id, a user id is any script: so a hash goes in.
 * SHA-256 in base64url, 43 characters.
 */
function hash(...parts: string[]): string {
  let text = "";
  // Length first: ("ab", "c") and ("a", "bc") must differ.
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return digest("sha256", text, "base64url");
}

/** Hash of a user id, which is also the MessageGroupId: one user's activities are one ordered group. */
export function userHash(userId: string): string {
  return hash("user", userId);
}

/**
 * MessageDeduplicationId: the same activity, sent again, has the same one. All of it goes in, not the id alone: SQS
 * answers 200 to a repeated one and drops it, so the same id with another time or content would be lost for 5 minutes.
 */
export function deduplicationId({ userId, id, type, occurredAt, sessionId, source, properties }: Activity): string {
  const optional = [sessionId, source, properties].map((value) => (value === undefined ? "absent" : `given ${value}`));
  return hash("activity", userId, id, type, occurredAt, ...optional);
}

/** MessageDeduplicationId of one death sent by one redrive run; the activity's own may still be in SQS's window. */
export function redriveDeduplicationId(runId: string, deathId: string): string {
  return hash("redrive", runId, deathId);
}

/** Sort key of an item: text order is time order, ties broken by id. `occurredAt` must be fixed-width UTC. */
export function sortKey(occurredAt: string, activityId: string): string {
  return `${occurredAt}#${activityId}`;
}

/**
 * Idempotency key of an activity's pushes: one for each item of the table. The id alone would not do: two users may
 * use the same one.
 */
export function pushKey({ userId, occurredAt, id }: Pick<Activity, "userId" | "occurredAt" | "id">): string {
  return hash("push", userId, occurredAt, id);
}
