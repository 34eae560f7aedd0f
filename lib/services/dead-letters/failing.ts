import type { Allowed } from "#lib/contracts/actor.ts";
import type { FailingMessage } from "#lib/contracts/dead-letters.ts";
import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";

/** Most failing messages of one answer: the screen names the latest, the count says how many there are. */
const FAILING_LIMIT = 100;

/** Messages that fail and are not dead yet, the latest failure first, at most 100. */
export function failing({
  ctx,
  input,
}: {
  ctx: { ledger: Pick<DeadLetterLedger, "failing"> };
  by: Allowed<"dead_letters:read">;
  input: { limit?: number };
}): Promise<FailingMessage[]> {
  return ctx.ledger.failing({ limit: Math.min(input.limit ?? FAILING_LIMIT, FAILING_LIMIT) });
}
