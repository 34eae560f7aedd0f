import { ledger } from "#app/server/dead-letters.ts";
import { deadLetterListQuerySchema, deadLetterListSchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { InvalidCursorError, list } from "#lib/services/dead-letters/list.ts";

/** A page of the ledger, by POST: a user id to filter by must not end up in an address. */
export const POST = defineRoute({
  permission: "dead_letters:read",
  polled: true,
  body: deadLetterListQuerySchema,
  output: deadLetterListSchema,
  async call({ allowed, body }) {
    try {
      return await list({ ctx: { ledger: ledger() }, by: allowed, input: body });
    } catch (error) {
      if (!(error instanceof InvalidCursorError)) throw error;
      throw new HttpProblem({ status: 400, code: "invalid_cursor", title: "The cursor is of no use here", errors: [{ field: "cursor", message: error.message }] });
    }
  },
});
