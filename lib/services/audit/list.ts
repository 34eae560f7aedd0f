import type { Allowed } from "#lib/contracts/actor.ts";
import type { AuditFilterQuery, AuditList, AuditListQuery } from "#lib/contracts/audit.ts";
import type { AuditFilter, AuditLog } from "#lib/gateways/audit-log.ts";

/** The gateway's filter of a query's. */
export function toFilter({ who, action, outcome, from, to }: AuditFilterQuery): AuditFilter {
  return { who, actions: action && [action], outcome, from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to) };
}

/** A page of the acts, the newest first. */
export async function list({ ctx, input }: { ctx: { audit: Pick<AuditLog, "acts" | "isProtected"> }; by: Allowed<"audit:read">; input: AuditListQuery }): Promise<AuditList> {
  const { id, before, limit, ...filter } = input;
  const [found, isProtected] = await Promise.all([ctx.audit.acts({ id, ...toFilter(filter) }, { before, limit: limit + 1 }), ctx.audit.isProtected()]);
  const items = found.slice(0, limit);
  return { items, nextBefore: found.length > limit ? (items.at(-1)?.links.first.seq ?? null) : null, protected: isProtected };
}
