import { z } from "zod";
import { AUDIT_ACTIONS, type AuditAction, auditFilterSchema, type AuditFilterQuery } from "#lib/contracts/audit.ts";

const viewSchema = z.object({
  who: auditFilterSchema.shape.who.catch(undefined),
  action: auditFilterSchema.shape.action.catch(undefined),
  outcome: auditFilterSchema.shape.outcome.catch(undefined),
  from: auditFilterSchema.shape.from.catch(undefined),
  to: auditFilterSchema.shape.to.catch(undefined),
  act: z.uuid().optional().catch(undefined),
});
const NAMES = Object.keys(viewSchema.shape) as (keyof AuditView)[];

/** What the page's address holds: the filter, and the act whose details are open. */
export type AuditView = AuditFilterQuery & { act?: string | undefined };

/** Reads the address; what it does not know falls back to the plain page. */
export function readView(parameters: { get(name: string): string | null }): AuditView {
  const read = viewSchema.parse(Object.fromEntries(NAMES.map((name) => [name, parameters.get(name) ?? undefined])));
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/** Address of a view, without what is plain. */
export function addressOfView(view: AuditView): string {
  const parameters = new URLSearchParams();
  for (const name of NAMES) if (view[name] !== undefined) parameters.set(name, view[name]);
  return parameters.size === 0 ? "/audit" : `/audit?${parameters.toString()}`;
}

/** The filter alone. */
export function filterOf({ act: _opened, ...filter }: AuditView): AuditFilterQuery {
  return filter;
}

/** An action in words; one of a newer version stands as it is. */
export function actionWords(action: string): string {
  return Object.hasOwn(AUDIT_ACTIONS, action) ? AUDIT_ACTIONS[action as AuditAction] : action;
}
