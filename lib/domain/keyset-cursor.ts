import { deathIdOf } from "#lib/domain/ledger-text.ts";

/** Where a page of the ledger ended: the list is ordered by both, so that equal times cannot repeat or skip a row. */
export interface LedgerPosition {
  diedAt: Date;
  id: string;
}

/** Makes the opaque cursor of a position. */
export function encodeCursor({ diedAt, id }: LedgerPosition): string {
  return Buffer.from(`${diedAt.getTime()}.${id}`).toString("base64url");
}

/** Reads a cursor. @returns null for one that this ledger did not make. */
export function decodeCursor(cursor: string): LedgerPosition | null {
  const [milliseconds, id, ...rest] = Buffer.from(cursor, "base64url").toString("utf8").split(".");
  if (milliseconds === undefined || !/^\d{1,15}$/.test(milliseconds) || rest.length > 0) return null;
  const deathId = deathIdOf(id);
  const diedAt = new Date(Number(milliseconds));
  return deathId === null || Number.isNaN(diedAt.getTime()) ? null : { diedAt, id: deathId };
}
