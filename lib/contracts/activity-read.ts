import { z } from "zod";
import { activityInputSchema, instantSchema, storedActivitySchema, userIdSchema } from "#lib/contracts/activity.ts";

export const ACTIVITY_READ_LIMITS = { defaultLimit: 50, limit: 500, types: 20, cursorCharacters: 4_096 } as const;

const instant = z.iso.datetime({ offset: true, error: "must be an ISO 8601 date and time with a zone, such as 2026-01-31T12:00:00Z" });

/** The query of `GET /v1/users/{userId}/activities`, its texts taken apart. */
export const activityReadQuerySchema = z.strictObject({
  from: instant.optional().meta({ description: "Earliest time of an activity, included." }),
  to: instant.optional().meta({ description: "Latest time of an activity, included." }),
  type: z
    .array(activityInputSchema.shape.type)
    .min(1, { error: "must name at least one type" })
    .max(ACTIVITY_READ_LIMITS.types, { error: `must be at most ${ACTIVITY_READ_LIMITS.types} types` })
    .optional()
    .meta({ description: "Only activities of these types, separated by commas." }),
  limit: z
    .number({ error: "must be a whole number" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be at least 1" })
    .max(ACTIVITY_READ_LIMITS.limit, { error: `must be at most ${ACTIVITY_READ_LIMITS.limit}` })
    .default(ACTIVITY_READ_LIMITS.defaultLimit)
    .meta({ description: "Most activities of a page. A page may be shorter though more follow." }),
  cursor: z
    .string()
    .min(1, { error: "must not be empty" })
    .max(ACTIVITY_READ_LIMITS.cursorCharacters, { error: `must be at most ${ACTIVITY_READ_LIMITS.cursorCharacters} characters` })
    .optional()
    .meta({ description: "nextCursor of the page before. It goes with the same user, from, to, type and order; limit may differ." }),
  order: z.enum(["newest", "oldest"], { error: "must be newest or oldest" }).default("newest").meta({ description: "Which come first, by occurredAt." }),
});
export type ActivityReadQuery = z.infer<typeof activityReadQuerySchema>;

/** What the user's name in the address may be, once it is decoded. */
export const readUserIdSchema = userIdSchema;

const { id, userId, type, occurredAt, sessionId, source, acceptedAt, storedAt, sequence } = storedActivitySchema.shape;

/** A stored activity as it is read. */
export const readActivitySchema = z.object({
  id,
  userId,
  type,
  occurredAt,
  sessionId,
  source,
  properties: z.record(z.string(), z.unknown()).optional().meta({ description: "The very text that was sent: numbers and the order of keys survive." }),
  delivery: z.object({
    acceptedAt: acceptedAt.meta({ description: "When the queue took it." }),
    storedAt: storedAt.meta({ description: "When it was written into the table." }),
    sequence: sequence.meta({ description: "The queue's sequence number; it compares within one user only." }),
    expiresAt: instantSchema.optional().meta({ description: "When it may be deleted; absent = it is kept." }),
  }),
});

/** One page of a user's activities. */
export const activityReadAnswerSchema = z.object({
  activities: z.array(readActivitySchema),
  nextCursor: z.string().nullable().meta({ description: "For the next page; null at the end. A page may hold nothing and still have one." }),
  asOf: instantSchema.meta({ description: "When the table was asked. What was stored in the second before may be missing." }),
});
