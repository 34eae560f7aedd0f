import { z } from "zod";
import { exportResponse } from "#app/server/audit-export.ts";
import { auditExportRequestSchema } from "#lib/contracts/audit.ts";
import { defineRoute } from "#lib/http/define-route.ts";

/** The audit log as a file. By POST, since it is an act that is audited itself. */
export const POST = defineRoute({
  permission: "audit:read",
  body: auditExportRequestSchema,
  output: z.never(),
  call: ({ allowed, body }) => exportResponse({ by: allowed, input: body }),
});
