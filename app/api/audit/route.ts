import { auditLog } from "#app/server/audit.ts";
import { auditListQuerySchema, auditListSchema } from "#lib/contracts/audit.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { list } from "#lib/services/audit/list.ts";

/** A page of the audit log. */
export const GET = defineRoute({
  permission: "audit:read",
  query: auditListQuerySchema,
  output: auditListSchema,
  call: ({ allowed, query }) => list({ ctx: { audit: auditLog() }, by: allowed, input: query }),
});
