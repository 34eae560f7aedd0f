import { z } from "zod";

/** Limits of the activity contract. Bytes are UTF-8. */
export const ACTIVITY_LIMITS = {
  userIdCharacters: 256,
  typeCharacters: 64,
  idCharacters: 128,
  sessionIdCharacters: 128,
  sourceCharacters: 128,
  activityBytes: 64 * 1024,
  requestBytes: 1024 * 1024,
  activitiesPerRequest: 500,
} as const;

/**
 * Characters SQS takes in a body (`#x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF`, SendMessage
 * reference) and which are no lone surrogates, checked on values that travel as plain strings.
 */
const CARRIABLE = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/** What is said of a value that is missing or of another kind: producers see it, so in words of JSON. */
const wants = (kind: string) => (issue: { code: string; input?: unknown }) =>
  issue.code !== "invalid_type" ? undefined : issue.input === undefined ? "is required" : `must be ${kind}`;

/** Text of 1 to `max` Unicode characters (code points, not UTF-16 units). */
function text(max: number) {
  return z
    .string({ error: wants("text") })
    .min(1, { error: "must not be empty" })
    .refine((value) => Array.from(value).length <= max, { error: `must be at most ${max} characters` })
    .refine((value) => CARRIABLE.test(value), {
      error: "holds a character that the queue cannot carry (control characters, U+FFFE, U+FFFF, lone surrogates)",
    })
    .meta({ maxLength: max });
}

/** A user id as producers may send it, and so as it may be searched for. */
export const userIdSchema = text(ACTIVITY_LIMITS.userIdCharacters);

/** What a producer sends. Unknown fields are refused, so that a typo is not lost silently. */
export const activityInputSchema = z.strictObject(
  {
    id: z
      .string({ error: wants("text") })
      .regex(/^[A-Za-z0-9_.:-]{1,128}$/, { error: "must be 1-128 characters of A-Z a-z 0-9 _ . : -" })
      .optional()
      .meta({ description: "Your idempotency key. With it and occurredAt an activity may be sent again and again. Absent: a UUIDv7 is made, and a lost answer cannot be retried safely." }),
    userId: userIdSchema.meta({ description: "Whose activity it is, in any script. One user's activities keep their order.", maxLength: ACTIVITY_LIMITS.userIdCharacters }),
    type: z
      .string({ error: wants("text") })
      .regex(/^[a-z0-9_.-]{1,64}$/, { error: "must be 1-64 characters of a-z 0-9 _ . -" })
      .meta({ description: "What happened, such as order.place." }),
    occurredAt: z.iso
      .datetime({ offset: true, error: "must be an ISO 8601 date and time with a zone, such as 2026-01-31T12:00:00.000Z" })
      .optional()
      .meta({ description: "When it happened; kept in UTC to the millisecond. May be absent only where id is a UUIDv7 or absent: the time is then read from it." }),
    sessionId: text(ACTIVITY_LIMITS.sessionIdCharacters).optional(),
    source: text(ACTIVITY_LIMITS.sourceCharacters).optional(),
    properties: z
      .record(z.string(), z.unknown(), { error: wants("a JSON object") })
      .optional()
      .meta({ description: "Anything, at most 32 levels deep. Kept as the text that is sent: big numbers, decimals and the order of keys survive." }),
  },
  { error: wants("a JSON object") },
);
export type ActivityInput = z.infer<typeof activityInputSchema>;

/** Fixed-width UTC milliseconds, so that text order is time order: `2026-01-31T12:00:00.000Z`. */
export const instantSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .refine((value) => !Number.isNaN(Date.parse(value)), { error: "is no date and time" })
  .meta({ format: "date-time" });

/** An activity after the API has normalised it: `id` and `occurredAt` are always there. */
export const activitySchema = z.strictObject({
  id: z.string().min(1).max(ACTIVITY_LIMITS.idCharacters),
  userId: z.string().min(1),
  type: z.string().min(1).max(ACTIVITY_LIMITS.typeCharacters),
  occurredAt: instantSchema,
  sessionId: z.string().min(1).optional(),
  source: z.string().min(1).optional(),
  /** JSON text of an object: numbers and key order survive. */
  properties: z.string().optional(),
});
export type Activity = z.infer<typeof activitySchema>;

/** An activity as the table holds it, with its delivery facts. */
export const storedActivitySchema = activitySchema.extend({
  acceptedAt: instantSchema,
  storedAt: instantSchema,
  /** SQS SequenceNumber; compares within one user only. */
  sequence: z.string().optional(),
  /** Epoch seconds for the table's TTL; absent = kept. */
  expiresAt: z.number().int().optional(),
});
export type StoredActivity = z.infer<typeof storedActivitySchema>;
