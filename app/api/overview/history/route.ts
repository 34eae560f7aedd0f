import { readHistory } from "#app/server/overview.ts";
import { overviewHistoryQuerySchema, overviewHistorySchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";

export const GET = defineRoute({ permission: "queue:read", query: overviewHistoryQuerySchema, output: overviewHistorySchema, call: ({ allowed, query }) => readHistory({ by: allowed, range: query.range }) });
