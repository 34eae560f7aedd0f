import { z } from "zod";

/** Every act that is audited, with its name for people. `<noun>.<verb>`; the log keeps the key, so a key is never reused. */
export const AUDIT_ACTIONS = {
  "drain.rate": "Drain rate set",
  "drain.mode": "Drain mode set",
  "drain.pause": "Draining paused",
  "drain.resume": "Draining resumed",
  "drain.override": "Override started",
  "drain.override_end": "Override ended early",
  "key.create": "API key created",
  "key.revoke": "API key revoked",
  "key.rotate": "API key rotated",
  "person.invite": "Person invited",
  "person.link": "New link made",
  "person.role": "Role changed",
  "person.disable": "Person disabled",
  "person.enable": "Person enabled",
  "person.set_password": "Password set",
  "person.change_password": "Own password changed",
  "person.create": "Person created",
  "dead_letter.reveal": "Dead letter revealed",
  "redrive.start": "Redrive started",
  "session.sign_in": "Signed in",
  "session.sign_out": "Signed out",
  "session.end": "Session ended by an admin",
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

/** What narrows the list; all of it stands in the page's address. */
export const auditFilterSchema = z.object({
  /** Part of a name or an e-mail address, or a whole id. */
  who: z.string().trim().min(1).max(AUDIT_TEXT_LIMITS.name).optional(),
  action: z.enum(Object.keys(AUDIT_ACTIONS) as [AuditAction, ...AuditAction[]]).optional(),
  /** `none`: no outcome is written. */
  outcome: z.union([auditOutcomeSchema, z.literal("none")]).optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
});
export type AuditFilterQuery = z.infer<typeof auditFilterSchema>;

/** Acts of one page. */
export const AUDIT_PAGE_SIZE = 50;
export const auditListQuerySchema = auditFilterSchema.extend({
  /** That act alone. */
  id: z.uuid().optional(),
  /** Row before which the page begins. */
  before: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(AUDIT_PAGE_SIZE),
});
export type AuditListQuery = z.infer<typeof auditListQuerySchema>;

export const auditListSchema = z.object({
  items: z.array(auditActSchema),
  /** For the next page; null on the last. */
  nextBefore: z.number().int().nullable(),
  /** Whether the database would stop the dashboard from changing rows. */
  protected: z.boolean(),
});
export type AuditList = z.infer<typeof auditListSchema>;

export const AUDIT_EXPORT_FORMATS = ["csv", "ndjson"] as const;
export const auditExportRequestSchema = z.strictObject({ format: z.enum(AUDIT_EXPORT_FORMATS), ...auditFilterSchema.shape });
export type AuditExportRequest = z.infer<typeof auditExportRequestSchema>;

/** A place in the chain. */
export const chainPositionSchema = z.object({ seq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER), hash: z.string().regex(/^[0-9a-f]{64}$/) });

/** One step of a walk: from the start of the chain where `from` is left out, else from where the last step ended. */
export const auditVerifyRequestSchema = z.strictObject({ from: chainPositionSchema.optional() });
export const auditVerifySchema = z.object({
  /** The last row that was found whole. */
  position: chainPositionSchema,
  /** Rows there are. */
  rows: z.number().int(),
  /** Whether the end is reached: the end of the chain, or its first fault. */
  done: z.boolean(),
  fault: z.object({ seq: z.number().int(), what: z.enum(["missing", "changed", "unlinked", "head"]), message: z.string() }).nullable(),
});
export type AuditVerify = z.infer<typeof auditVerifySchema>;
