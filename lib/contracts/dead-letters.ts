import { z } from "zod";
import { userIdSchema } from "#lib/contracts/activity.ts";
import { noteSchema } from "#lib/contracts/note.ts";

/** Why a message died. A closed set: the page explains each. */
export const DEATH_REASONS = [
  "malformed", // the body cannot be parsed; died at once
  "unknown_version", // a body version this worker does not know, after the allowed attempts
  "rejected_by_table", // DynamoDB refuses the item itself (validation, size)
  "handler_failed", // any other failure, after the allowed attempts
  "webhook_refused", // stored, but the webhook's receiver refuses it (4xx), after the allowed attempts
  "webhook_failed", // stored, but the webhook could not be reached or kept failing, after the allowed attempts
  "process_killer", // handled alone, it killed the process the allowed number of times
  "native_backstop", // SQS moved it itself past maxReceiveCount; filed by the sweeper
] as const;
export const deathReasonSchema = z.enum(DEATH_REASONS);
export type DeathReason = z.infer<typeof deathReasonSchema>;

export const DEATH_STATUSES = ["open", "stored", "bounced"] as const;
export const deathStatusSchema = z.enum(DEATH_STATUSES);
export type DeathStatus = z.infer<typeof deathStatusSchema>;

/** One failed attempt, as kept in a history. */
export const attemptSchema = z.object({
  at: z.iso.datetime(),
  worker: z.string(),
  reason: deathReasonSchema,
  error: z.string(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** What the redrive last under way for a death has come to. */
export const redriveItemStateSchema = z.enum(["pending", "sent", "stored", "bounced"]);
export type RedriveItemState = z.infer<typeof redriveItemStateSchema>;

/** A row of the list. `null` for what a malformed body does not tell. */
export const deadLetterSchema = z.object({
  id: z.uuid(),
  messageId: z.string(),
  userId: z.string().nullable(),
  activityId: z.string().nullable(),
  type: z.string().nullable(),
  occurredAt: z.iso.datetime().nullable(),
  reason: deathReasonSchema,
  error: z.string(),
  attempts: z.number().int(),
  worker: z.string(),
  sentAt: z.iso.datetime().nullable(),
  firstFailedAt: z.iso.datetime(),
  lastFailedAt: z.iso.datetime(),
  diedAt: z.iso.datetime(),
  status: deathStatusSchema,
  resolvedAt: z.iso.datetime().nullable(),
  /** The DLQ still holds its copy though it is resolved: named on the screen, not yet swept. */
  awaitingSweep: z.boolean(),
  /** Latest redrive of it, if any. */
  redrive: z
    .object({ runId: z.uuid(), state: redriveItemStateSchema, bouncedDeathId: z.uuid().nullable() })
    .nullable(),
  /** The death whose redrive bounced into this one. */
  redrivenFrom: z.uuid().nullable(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

export const deadLetterDetailSchema = deadLetterSchema.extend({
  /** JSON text of the body's structure and types, without its values; null where the body is no JSON. */
  maskedBody: z.string().nullable(),
  /** Size of the whole body, UTF-8. */
  bodyBytes: z.number().int(),
  history: z.array(attemptSchema),
});
export type DeadLetterDetail = z.infer<typeof deadLetterDetailSchema>;

/** The body as it died; whoever is shown it is in the audit log. */
export const revealedBodySchema = z.object({ body: z.string() });

export const deadLetterListQuerySchema = z.object({
  status: deathStatusSchema.optional(),
  /** Exact user id. */
  user: userIdSchema.optional(),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type DeadLetterListQuery = z.infer<typeof deadLetterListQuerySchema>;

/** A count that stops counting: exact up to the cap, else `capped` and shown as "10,000+". */
export const cappedCountSchema = z.object({ value: z.number().int(), capped: z.boolean() });
export type CappedCount = z.infer<typeof cappedCountSchema>;

export const deadLetterListSchema = z.object({
  items: z.array(deadLetterSchema),
  nextCursor: z.string().nullable(),
  counts: z.object({ open: cappedCountSchema, awaitingSweep: cappedCountSchema, failing: cappedCountSchema }),
});
export type DeadLetterList = z.infer<typeof deadLetterListSchema>;

/** A message that fails and is not dead yet. */
export const failingMessageSchema = z.object({
  messageId: z.string(),
  userId: z.string().nullable(),
  activityId: z.string().nullable(),
  type: z.string().nullable(),
  attempts: z.number().int(),
  firstFailedAt: z.iso.datetime().nullable(),
  lastFailedAt: z.iso.datetime().nullable(),
  lastError: z.string().nullable(),
});
export type FailingMessage = z.infer<typeof failingMessageSchema>;
export const failingListSchema = z.object({ items: z.array(failingMessageSchema) });

export const redriveRequestSchema = z.strictObject({
  /** Made by the page: a repeated click or a retried request is the same run. */
  runId: z.uuid(),
  deathIds: z.array(z.uuid()).min(1).max(1000),
  reason: noteSchema(500).min(1),
});
export type RedriveRequest = z.infer<typeof redriveRequestSchema>;

/** Why a death cannot be part of a new run. */
export const redriveRefusalSchema = z.object({
  deathId: z.uuid(),
  why: z.enum(["not_found", "already_resolved", "under_way"]),
  /** The run it is under way in. */
  runId: z.uuid().nullable(),
});
export type RedriveRefusal = z.infer<typeof redriveRefusalSchema>;

export const redriveRunSchema = z.object({
  id: z.uuid(),
  actor: z.string(),
  reason: z.string(),
  selected: z.number().int(),
  state: z.enum(["running", "finished"]),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  counts: z.object({
    pending: z.number().int(),
    sent: z.number().int(),
    stored: z.number().int(),
    bounced: z.number().int(),
  }),
});
export type RedriveRun = z.infer<typeof redriveRunSchema>;
export const redriveRunListSchema = z.object({ items: z.array(redriveRunSchema) });

/**
 * What asking for a run gives. All or nothing: with one refusal no run is made.
 * `existing`: the same request was taken before; `run_id_taken`: that id names a run over another selection.
 */
export const redriveOutcomeSchema = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("created"), run: redriveRunSchema }),
  z.object({ outcome: z.literal("existing"), run: redriveRunSchema }),
  z.object({ outcome: z.literal("refused"), refused: z.array(redriveRefusalSchema) }),
  z.object({ outcome: z.literal("run_id_taken") }),
]);
export type RedriveOutcome = z.infer<typeof redriveOutcomeSchema>;

/** The receipt: the run and what became of each death it froze. */
export const redriveReceiptSchema = redriveRunSchema.extend({
  items: z.array(
    z.object({
      deathId: z.uuid(),
      userId: z.string().nullable(),
      activityId: z.string().nullable(),
      state: redriveItemStateSchema,
      sentAt: z.iso.datetime().nullable(),
      resolvedAt: z.iso.datetime().nullable(),
      bouncedDeathId: z.uuid().nullable(),
      /** Why it died again; absent or null where it did not. */
      bouncedReason: deathReasonSchema.nullable().optional(),
      bouncedError: z.string().nullable().optional(),
    }),
  ),
});
export type RedriveReceipt = z.infer<typeof redriveReceiptSchema>;
