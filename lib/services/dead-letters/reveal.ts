import type { Allowed } from "#lib/contracts/actor.ts";
import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";

/** The body of a dead letter as it died; null when there is none of that id. Whoever calls it has it audited. */
export async function reveal({
  ctx,
  input,
}: {
  ctx: { ledger: Pick<DeadLetterLedger, "detail"> };
  by: Allowed<"dead_letters:reveal">;
  input: { id: string };
}): Promise<{ body: string } | null> {
  const found = await ctx.ledger.detail(input.id);
  return found && { body: found.body };
}
