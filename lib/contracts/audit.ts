import { z } from "zod";

/** Every act that is audited, with its name for people. `<noun>.<verb>`; the log keeps the key, so a key is never reused. */
export const AUDIT_ACTIONS = {
  "drain.rate": "Drain rate set",
  "drain.mode": "Drain mode set",
  "drain.pause": "Draining paused",
  "drain.resume": "Draining resumed",
  "drain.override": "Override started",
  "drain.override_end": "Override ended early",
  "redrive.start": "Redrive started",
  "audit.export": "Audit log exported",
} as const satisfies Readonly<Record<`${string}.${string}`, string>>;
export type AuditAction = keyof typeof AUDIT_ACTIONS;

/**
 * How an act ended. `refused`: it was not done, for a reason its actor was told. `failed`: it was not done, by a fault.
 * `unknown`: a backend did not answer, so it may have been done.
 */
export const auditOutcomeSchema = z.enum(["done", "refused", "failed", "unknown"]);
export type AuditOutcome = z.infer<typeof auditOutcomeSchema>;

/** `intent` stands before an act and `outcome` after it; an `event` is told after the fact, in one row. */
export const auditKindSchema = z.enum(["intent", "outcome", "event"]);
export type AuditKind = z.infer<typeof auditKindSchema>;

/** Longest texts the log keeps, in characters; what is longer is cut, and says so. */
export const AUDIT_TEXT_LIMITS = { name: 320, target: 512, reason: 1_000, error: 1_000, details: 32_768 } as const;

/** A row's place in the chain. */
export const auditLinkSchema = z.object({ seq: z.number().int().positive(), prevHash: z.string(), hash: z.string() });
export type AuditLink = z.infer<typeof auditLinkSchema>;

/** One act, its intent and its outcome together. */
export const auditActSchema = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  /** Any text: a newer version may have written it. */
  action: z.string(),
  actor: z.object({ id: z.string(), name: z.string(), email: z.string().nullable(), role: z.string() }),
  target: z.string().nullable(),
  reason: z.string().nullable(),
  /** What was asked for, and how things stood before and after: JSON text. */
  asked: z.string().nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  /** Null: no outcome is written; the act is under way, or its process ended in the middle of it. */
  outcome: auditOutcomeSchema.nullable(),
  error: z.string().nullable(),
  endedAt: z.iso.datetime().nullable(),
  links: z.object({ first: auditLinkSchema, outcome: auditLinkSchema.nullable() }),
});
export type AuditAct = z.infer<typeof auditActSchema>;
