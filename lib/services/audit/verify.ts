import type { Allowed } from "#lib/contracts/actor.ts";
import type { AuditVerify } from "#lib/contracts/audit.ts";
import { CHAIN_START, type ChainFault, type ChainPosition, checkHead, followChain } from "#lib/domain/audit-chain.ts";
import type { AuditLog } from "#lib/gateways/audit-log.ts";

/** Rows read at once. */
const PAGE = 1_000;

/**
 * Walks the chain from `from` to its end or its first fault, at most `maxRows` rows. Rows that are added meanwhile are
 * walked too.
 */
export async function verify({
  ctx,
  input,
}: {
  ctx: { audit: Pick<AuditLog, "rowsAfter" | "head"> };
  by: Allowed<"audit:read">;
  input: { from?: ChainPosition | undefined; maxRows?: number };
}): Promise<AuditVerify> {
  const { from = CHAIN_START, maxRows = Number.POSITIVE_INFINITY } = input;
  let position = from;
  const answer = (rows: number, fault: ChainFault | null, done = true): AuditVerify => ({ position, rows, done, fault });
  for (;;) {
    const rows = await ctx.audit.rowsAfter(position.seq, PAGE);
    const walked = followChain(position, rows);
    position = walked.position;
    // A row and the head are written together, so a head that is read later is never behind.
    const head = await ctx.audit.head();
    if (walked.fault) return answer(head.seq, walked.fault);
    if (rows.length < PAGE) {
      const nothingMore = head.seq <= position.seq || (await ctx.audit.rowsAfter(position.seq, 1)).length === 0;
      if (nothingMore) return answer(head.seq, checkHead(position, head));
    }
    if (position.seq - from.seq >= maxRows) return answer(head.seq, null, false);
  }
}
