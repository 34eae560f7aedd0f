import "server-only";
import { backend, db } from "#app/server/context.ts";
import { singleton } from "#app/server/singleton.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";

/** The audit log; its chain is one over all queues and processes. */
export const auditLog = () => singleton("auditLog", () => createAuditLog({ db: db(), queue: backend().queue }));

/** What `audited()` needs. */
export const auditContext = () => ({ audit: auditLog() });
