import type { DeadLetter } from "#lib/contracts/dead-letters.ts";

/** Most deaths of one run (the contract's bound). */
export const RUN_LIMIT = 1_000;

/** Only an open death with no run under way may be redriven. */
export function isSelectable({ status, redrive }: Pick<DeadLetter, "status" | "redrive">): boolean {
  return status === "open" && redrive?.state !== "pending" && redrive?.state !== "sent";
}

/** Chosen deaths by id; rows of other pages stay in it. */
export type Selection = ReadonlyMap<string, DeadLetter>;

/** What is chosen and may still go, as the latest rows tell it. */
export function stillSelectable(selection: Selection, rows: readonly DeadLetter[]): DeadLetter[] {
  const latest = new Map(rows.map((row) => [row.id, row]));
  return [...selection.values()].map((chosen) => latest.get(chosen.id) ?? chosen).filter(isSelectable);
}

/** Chooses or drops rows; rows that may not be redriven are passed over, and so is what exceeds one run. */
export function withRows(selection: Selection, rows: readonly DeadLetter[], chosen: boolean): Selection {
  const next = new Map(selection);
  for (const row of rows) {
    if (!chosen) next.delete(row.id);
    else if (isSelectable(row) && (next.has(row.id) || next.size < RUN_LIMIT)) next.set(row.id, row);
  }
  return next;
}

/** The rows from one to another, both included, in either direction; just `to` when `from` is not on the page. */
export function rowsBetween(rows: readonly DeadLetter[], from: string | null, to: string): DeadLetter[] {
  const end = rows.findIndex((row) => row.id === to);
  const start = rows.findIndex((row) => row.id === from);
  if (start === -1) return rows.slice(end, end + 1);
  return rows.slice(Math.min(start, end), Math.max(start, end) + 1);
}

/** The order to send in: as the queue first took them, so that one user's activities go back in their order. */
export function inSendOrder(deaths: readonly DeadLetter[]): DeadLetter[] {
  const key = (death: DeadLetter) => `${death.sentAt ?? death.firstFailedAt} ${death.diedAt} ${death.id}`;
  return [...deaths].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
