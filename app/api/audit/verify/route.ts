import { auditLog } from "#app/server/audit.ts";
import { auditVerifyRequestSchema, auditVerifySchema } from "#lib/contracts/audit.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { verify } from "#lib/services/audit/verify.ts";

/** Rows walked by one request: well within a second, so that the page can show how far it is. */
const ROWS = 10_000;

/** Walks a part of the chain. By POST, since it costs: nothing is changed. */
export const POST = defineRoute({
  permission: "audit:read",
  body: auditVerifyRequestSchema,
  output: auditVerifySchema,
  call: ({ allowed, body }) => verify({ ctx: { audit: auditLog() }, by: allowed, input: { from: body.from, maxRows: ROWS } }),
});
