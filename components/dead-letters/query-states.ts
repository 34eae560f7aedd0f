import type { UseQueryResult } from "@tanstack/react-query";
import type { DeadLetterDetail, DeadLetterList, RedriveReceipt } from "#lib/contracts/dead-letters.ts";
import { ago } from "#lib/view/instants.ts";
import type { LedgerState } from "./dead-letters-screen.tsx";
import type { DetailState } from "./death-drawer.tsx";
import type { ReceiptState } from "./receipt-panel.tsx";
import type { SideList } from "./side-lists.tsx";

/** A poll may fail once or come late; older than this, what is shown must not pass for live. Milliseconds. */
const STALE_AFTER_MS = 10_000;

type Read<T> = Pick<UseQueryResult<T>, "data" | "error" | "failureReason" | "dataUpdatedAt" | "isPlaceholderData">;

/** The first failure counts, while the read is still being tried again. */
function failureOf({ error, failureReason }: Read<unknown>): string | null {
  return (error ?? failureReason)?.message ?? null;
}

/** What to show of a query without data. */
function without(query: Read<unknown>): { kind: "loading" } | { kind: "failed"; message: string } {
  const message = failureOf(query);
  return message === null ? { kind: "loading" } : { kind: "failed", message };
}

/** Why and since when the data on the screen is old; null while it is fresh. */
function staleness(query: Read<unknown>, nowMs: number | null): { age: string; message: string } | null {
  const { error, dataUpdatedAt } = query;
  if (nowMs === null || (error === null && nowMs - dataUpdatedAt < STALE_AFTER_MS)) return null;
  const message = failureOf(query) ?? "The server takes long to answer.";
  return { age: ago(new Date(dataUpdatedAt).toISOString(), nowMs), message };
}

export function ledgerState(query: Read<DeadLetterList>, nowMs: number | null): LedgerState {
  if (query.data === undefined) return without(query);
  // Rows of the page before carry no time of their own.
  const readAt = query.isPlaceholderData ? (nowMs ?? 0) : query.dataUpdatedAt;
  return {
    kind: "page",
    list: query.data,
    asOf: new Date(readAt).toISOString(),
    stale: query.isPlaceholderData ? null : staleness(query, nowMs),
    busy: query.isPlaceholderData,
  };
}

export function detailState(query: Read<DeadLetterDetail>): DetailState {
  if (query.data !== undefined) return { kind: "detail", detail: query.data };
  return without(query);
}

export function receiptState(query: Read<RedriveReceipt>, nowMs: number | null): ReceiptState {
  if (query.data === undefined) return without(query);
  const stale = query.data.state === "finished" ? null : staleness(query, nowMs);
  return { kind: "receipt", receipt: query.data, stale };
}

export function sideList<Row>(query: Read<{ items: Row[] }>, nowMs: number | null): SideList<Row> {
  if (query.data !== undefined) return { kind: "rows", rows: query.data.items, stale: staleness(query, nowMs) };
  return without(query);
}
