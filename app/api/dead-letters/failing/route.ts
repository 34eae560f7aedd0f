import { ledger } from "#app/server/dead-letters.ts";
import { failingListSchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { failing } from "#lib/services/dead-letters/failing.ts";

/** Messages that fail and are not dead yet. */
export const GET = defineRoute({
  permission: "dead_letters:read",
  output: failingListSchema,
  call: async ({ allowed }) => ({ items: await failing({ ctx: { ledger: ledger() }, by: allowed, input: {} }) }),
});
