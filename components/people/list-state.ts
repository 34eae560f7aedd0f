import type { UseQueryResult } from "@tanstack/react-query";
import { ago } from "#lib/view/instants.ts";

/** Two polls may fail; older than this, a list must not pass for live. Milliseconds. */
const STALE_AFTER_MS = 25_000;

export type ListState<T> =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "list"; items: readonly T[]; /** The last poll failed: what is shown is old. */ stale: { age: string; message: string } | null };

/** What to show of a polled list. */
export function listState<T>(
  { data, error, failureReason, dataUpdatedAt }: Pick<UseQueryResult<{ items: T[] }>, "data" | "error" | "failureReason" | "dataUpdatedAt">,
  nowMs: number | null,
): ListState<T> {
  const message = (error ?? failureReason)?.message ?? null;
  if (data === undefined) return message === null ? { kind: "loading" } : { kind: "failed", message };
  const old = nowMs !== null && (error !== null || nowMs - dataUpdatedAt > STALE_AFTER_MS);
  return { kind: "list", items: data.items, stale: old ? { age: ago(new Date(dataUpdatedAt).toISOString(), nowMs), message: message ?? "The server takes long to answer." } : null };
}
