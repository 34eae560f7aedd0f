import { readOverview } from "#app/server/overview.ts";
import { overviewSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";

export const GET = defineRoute({ permission: "queue:read", output: overviewSchema, call: ({ allowed }) => readOverview({ by: allowed }) });
