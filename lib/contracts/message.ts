import { z } from "zod";
import { activitySchema, instantSchema } from "#lib/contracts/activity.ts";

/** Version of the body that this release writes. */
export const MESSAGE_VERSION = 1;

/**
 * Body of a queue message, one place for producer and consumer. A new field must be optional: the queue holds
 * bodies of the release before. Workers of the release before still read: what they do not know beside the activity
 * they leave out, but a field of the activity they would lose, so its body is one of an unknown version to them.
 */
export const activityMessageSchema = z.object({
  v: z.literal(MESSAGE_VERSION),
  acceptedAt: instantSchema,
  activity: activitySchema,
});
export type ActivityMessage = z.infer<typeof activityMessageSchema>;

/** Message attribute on a redriven message: the death it comes from. */
export const REDRIVE_DEATH_ATTRIBUTE = "spillway.redriveDeathId";

/** Message attributes on a dead letter. */
export const DEATH_ATTRIBUTES = {
  deathId: "spillway.deathId",
  reason: "spillway.reason",
  attempts: "spillway.attempts",
  worker: "spillway.worker",
  firstFailedAt: "spillway.firstFailedAt",
  lastFailedAt: "spillway.lastFailedAt",
} as const;

/** An error names keys of the body, which may be as long as the body: it goes into logs and the ledger. */
const MOST_ERROR_CHARACTERS = 300;

/** What reading a body gives: a closed union, so that every kind of bad body has its own fate. */
export type ParsedMessage =
  | { kind: "activity"; message: ActivityMessage }
  | { kind: "malformed"; error: string }
  | { kind: "unknown_version"; version: unknown; error: string };

/** Reads a queue body. Never throws. */
export function parseMessageBody(body: string): ParsedMessage {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // The parser's own words quote the body, which may hold personal data and is masked where it is shown.
    return { kind: "malformed", error: `body of ${body.length} characters is not JSON` };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return { kind: "malformed", error: "body is not a JSON object" };
  }
  const version = (json as { v?: unknown }).v;
  if (typeof version === "number" && version !== MESSAGE_VERSION) {
    return { kind: "unknown_version", version, error: `body version ${version} is not known to this worker (knows ${MESSAGE_VERSION})` };
  }
  const parsed = activityMessageSchema.safeParse(json);
  if (!parsed.success) {
    const { issues } = parsed.error;
    const unknown = issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? issue.keys : []));
    if (unknown.length > 0 && issues.every((issue) => issue.code === "unrecognized_keys")) {
      return { kind: "unknown_version", version, error: `the activity holds a field that this worker does not know: ${unknown.slice(0, 5).join(", ").slice(0, 200)}` };
    }
    const issue = issues[0];
    const what = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim();
    return { kind: "malformed", error: `body is not an activity message: ${what.slice(0, MOST_ERROR_CHARACTERS)}` };
  }
  return { kind: "activity", message: parsed.data };
}
