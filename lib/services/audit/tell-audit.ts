import { jsonLine } from "#lib/contracts/log-line.ts";
import type { AuditEnd, AuditIntent, AuditLog } from "#lib/gateways/audit-log.ts";

export interface TellContext {
  audit: Pick<AuditLog, "event">;
  /** Told what could not be written down; standard error where left out. */
  onUntold?: (error: unknown, event: AuditIntent, end: AuditEnd) => void;
}

function toStandardError(error: unknown, { actId, action, actor }: AuditIntent, { outcome }: AuditEnd): void {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${jsonLine({ at: new Date().toISOString(), level: "error", event: "audit_event_unwritten", actId, action, actorId: actor.id, outcome, error: why })}\n`);
}

/**
 * Tells the audit log what has happened, for the few acts that must not wait for it. What cannot be written is logged,
 * and never thrown.
 */
export async function tellAudit({ ctx, event, end }: { ctx: TellContext; event: Omit<AuditIntent, "actId">; end: AuditEnd }): Promise<void> {
  const told: AuditIntent = { actId: crypto.randomUUID(), ...event };
  try {
    await ctx.audit.event(told, end);
  } catch (error) {
    (ctx.onUntold ?? toStandardError)(error, told, end);
  }
}
