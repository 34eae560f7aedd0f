import type { Allowed } from "#lib/contracts/actor.ts";
import type { DeadLetterDetail } from "#lib/contracts/dead-letters.ts";
import { maskBody } from "#lib/domain/mask-body.ts";
import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";

/** One dead letter with its history and its body masked; null when there is none of that id. */
export async function detail({
  ctx,
  input,
}: {
  ctx: { ledger: Pick<DeadLetterLedger, "detail"> };
  by: Allowed<"dead_letters:read">;
  input: { id: string };
}): Promise<DeadLetterDetail | null> {
  const found = await ctx.ledger.detail(input.id);
  if (found === null) return null;
  const { body, ...rest } = found;
  return { ...rest, ...maskBody(body) };
}
