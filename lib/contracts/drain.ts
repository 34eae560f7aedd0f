import { z } from "zod";
import { noteSchema } from "#lib/contracts/note.ts";

/** Bounds of the dial in write units per second; the table's CHECK says the same. */
export const DRAIN_RATE_LIMITS = { min: 1, max: 1_000_000 } as const;
/** Bounds of an override, seconds. */
export const OVERRIDE_SECONDS = { min: 10, max: 86_400 } as const;
/** Furthest time by which a backlog can be asked to clear, days. */
export const GOAL_DAYS = 14;

/**
 * Who sets the rate: the operator (`manual`), the leader from what the table bears (`auto`) or from the time by which
 * the backlog is to clear (`goal`), or nobody, since nothing may be written (`paused`).
 */
export const drainModeSchema = z.enum(["manual", "auto", "goal", "paused"]);
export type DrainMode = z.infer<typeof drainModeSchema>;

/** `cannot_be_met`: even all that the guard allows is not enough. `missed`: the time is over and messages still wait. */
export const goalStateSchema = z.enum(["on_track", "cannot_be_met", "missed", "met"]);
export type GoalState = z.infer<typeof goalStateSchema>;

export const drainSchema = z.object({
  queue: z.string(),
  /** What the operator set: obeyed in the mode manual, and where the other modes come back to. */
  rateWcuPerSecond: z.number(),
  /** What is asked for now, before guard and feedback: the override, the dial or the leader's rate; 0 = paused. */
  askedWcuPerSecond: z.number(),
  /** What workers obey: the rate asked for under the guard, times the throttle factor; 0 = paused. */
  effectiveWcuPerSecond: z.number(),
  capacityShare: z.number(),
  provisionedWcu: z.number().nullable(),
  /** Charged WCU/s at which the table or the first of its indexes is full; null = not known, the table's own counts. */
  ceilingWcu: z.number().nullable(),
  factor: z.number(),
  mode: drainModeSchema,
  /** What `resume` comes back to; null where it is not paused. */
  modeBeforePause: drainModeSchema.nullable(),
  /** The leader's rate of the modes auto and goal; null until it was computed. */
  computedWcuPerSecond: z.number().nullable(),
  computedAt: z.iso.datetime().nullable(),
  /** State and need are null until the leader has computed them. */
  goal: z.object({ clearBy: z.iso.datetime(), state: goalStateSchema.nullable(), neededWcuPerSecond: z.number().nullable() }).nullable(),
  /** A rate for a while, over every mode. It ends by the database's clock. */
  override: z
    .object({
      id: z.string(),
      rateWcuPerSecond: z.number(),
      since: z.iso.datetime(),
      until: z.iso.datetime(),
      endsInSeconds: z.number(),
      /** What workers will obey when it has ended, as things stand. */
      thenWcuPerSecond: z.number(),
      by: z.string(),
      reason: z.string(),
    })
    .nullable(),
  /** Counts changes of any kind, an override's end included. */
  version: z.number().int(),
  versionAt: z.iso.datetime(),
  /** Who last set the dial or the mode, when and why. */
  changedBy: z.string(),
  reason: z.string().nullable(),
  changedAt: z.iso.datetime(),
});
export type Drain = z.infer<typeof drainSchema>;

const expectedVersion = z
  .int32()
  .min(0)
  .describe("The version the operator saw; another one on the row means somebody else changed it first.");
const rate = z
  .number({ error: "must be a number of write units per second" })
  .min(DRAIN_RATE_LIMITS.min)
  .max(DRAIN_RATE_LIMITS.max);
const reason = noteSchema(500);

export const drainChangeRequestSchema = z.strictObject({ rateWcuPerSecond: rate, reason: reason.optional(), expectedVersion });
export type DrainChangeRequest = z.infer<typeof drainChangeRequestSchema>;

/** Pausing and resuming are acts of their own. */
export const drainModeRequestSchema = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("manual"), reason: reason.optional(), expectedVersion }),
  z.strictObject({ mode: z.literal("auto"), reason: reason.optional(), expectedVersion }),
  z.strictObject({ mode: z.literal("goal"), clearBy: z.iso.datetime({ offset: true }), reason: reason.optional(), expectedVersion }),
]);
export type DrainModeRequest = z.infer<typeof drainModeRequestSchema>;

/** Pause, resume, or the end of an override before its time. */
export const drainActRequestSchema = z.strictObject({ reason: reason.optional(), expectedVersion });
export type DrainActRequest = z.infer<typeof drainActRequestSchema>;

export const drainOverrideRequestSchema = z.strictObject({
  rateWcuPerSecond: rate,
  seconds: z.number().int().min(OVERRIDE_SECONDS.min).max(OVERRIDE_SECONDS.max),
  reason: reason.min(1, { error: "say why" }),
  expectedVersion,
});
export type DrainOverrideRequest = z.infer<typeof drainOverrideRequestSchema>;

/** Why an act was not done, beside a conflict. */
export const drainRefusalSchema = z.enum(["goal_in_past", "goal_too_far", "already_paused", "not_paused", "paused", "no_override"]);
export type DrainRefusal = z.infer<typeof drainRefusalSchema>;

export const drainHistoryKindSchema = z.enum(["rate", "mode", "paused", "resumed", "override", "override_ended", "override_expired"]);
export type DrainHistoryKind = z.infer<typeof drainHistoryKindSchema>;

export const drainHistoryEntrySchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  kind: drainHistoryKindSchema,
  /** The mode after it. */
  mode: drainModeSchema,
  /** What was asked for before and after it, before guard and feedback; 0 = paused. */
  fromRateWcuPerSecond: z.number(),
  toRateWcuPerSecond: z.number(),
  /** Until when, of an override. */
  until: z.iso.datetime().nullable(),
  actor: z.string(),
  reason: z.string().nullable(),
});
export type DrainHistoryEntry = z.infer<typeof drainHistoryEntrySchema>;
