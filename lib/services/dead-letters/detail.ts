import type { Allowed } from "#lib/contracts/actor.ts";
import type { DeadLetterDetail } from "#lib/contracts/dead-letters.ts";
import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";

/** One dead letter with its body and history; null when there is none of that id. */
export function detail({
  ctx,
  input,
}: {
  ctx: { ledger: Pick<DeadLetterLedger, "detail"> };
  by: Allowed<"dead_letters:read">;
  input: { id: string };
}): Promise<DeadLetterDetail | null> {
  return ctx.ledger.detail(input.id);
}
