import { activityTable } from "#app/server/context.ts";
import { activitySearchQuerySchema, activitySearchResultSchema } from "#lib/contracts/activity-search.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { search } from "#lib/services/activity/search.ts";

/**
 * A search by POST: the user id is personal data and addresses end up in the logs of every server on the way.
 */
export const POST = defineRoute({
  permission: "activity:search",
  body: activitySearchQuerySchema,
  output: activitySearchResultSchema,
  async call({ allowed, body, signal }) {
    const outcome = await search({ ctx: { table: activityTable(), now: Date.now }, by: allowed, input: body, signal });
    if (outcome.kind === "found") return outcome.result;
    const { field, message } = outcome;
    throw new HttpProblem({
      status: 400,
      code: field === "cursor" ? "invalid_cursor" : "invalid_range",
      title: field === "cursor" ? "The cursor is of no use here" : "The time range is wrong",
      detail: `${field}: ${message}`,
      errors: [{ field, message }],
    });
  },
});
