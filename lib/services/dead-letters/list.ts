import type { Allowed } from "#lib/contracts/actor.ts";
import type { DeadLetterList, DeadLetterListQuery } from "#lib/contracts/dead-letters.ts";
import { decodeCursor, encodeCursor } from "#lib/domain/keyset-cursor.ts";
import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";

/** A cursor that this list did not make: the request's fault, not the server's. */
export class InvalidCursorError extends Error {
  constructor() {
    super("cursor is not one of this list's");
    this.name = "InvalidCursorError";
  }
}

/**
 * A page of the ledger, newest first, with the capped counts of the whole of it. Reads Postgres only.
 * @throws InvalidCursorError for a cursor this list did not make.
 */
export async function list({
  ctx,
  input,
}: {
  ctx: { ledger: Pick<DeadLetterLedger, "page" | "counts"> };
  by: Allowed<"dead_letters:read">;
  input: DeadLetterListQuery;
}): Promise<DeadLetterList> {
  const after = input.cursor === undefined ? null : decodeCursor(input.cursor);
  if (input.cursor !== undefined && after === null) throw new InvalidCursorError();
  const [found, counts] = await Promise.all([
    // One more than asked for tells whether there is a next page.
    ctx.ledger.page({ status: input.status ?? null, user: input.user ?? null, after, limit: input.limit + 1 }),
    ctx.ledger.counts(),
  ]);
  const items = found.slice(0, input.limit);
  const last = items.at(-1);
  const nextCursor = found.length > input.limit && last !== undefined ? encodeCursor({ diedAt: new Date(last.diedAt), id: last.id }) : null;
  return { items, nextCursor, counts };
}
