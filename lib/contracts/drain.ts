import { z } from "zod";

/** Bounds of the dial in write units per second; the table's CHECK says the same. */
export const DRAIN_RATE_LIMITS = { min: 1, max: 1_000_000 } as const;

export const drainSchema = z.object({
  queue: z.string(),
  /** What the operator set. */
  rateWcuPerSecond: z.number(),
  /** What workers obey: the dial under the guard, times the throttle factor. */
  effectiveWcuPerSecond: z.number(),
  capacityShare: z.number(),
  provisionedWcu: z.number().nullable(),
  factor: z.number(),
  version: z.number().int(),
  changedBy: z.string(),
  reason: z.string().nullable(),
  changedAt: z.iso.datetime(),
});
export type Drain = z.infer<typeof drainSchema>;

export const drainChangeRequestSchema = z.strictObject({
  rateWcuPerSecond: z
    .number({ error: "must be a number of write units per second" })
    .min(DRAIN_RATE_LIMITS.min)
    .max(DRAIN_RATE_LIMITS.max),
  reason: z.string().trim().max(500).optional(),
  /** The version the operator saw; another one on the row means somebody else changed it first. */
  expectedVersion: z.number().int(),
});
export type DrainChangeRequest = z.infer<typeof drainChangeRequestSchema>;

export const drainHistoryEntrySchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  fromRateWcuPerSecond: z.number(),
  toRateWcuPerSecond: z.number(),
  actor: z.string(),
  reason: z.string().nullable(),
});
export type DrainHistoryEntry = z.infer<typeof drainHistoryEntrySchema>;
