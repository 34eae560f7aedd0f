import type { UseQueryResult } from "@tanstack/react-query";
import type { ApiKeyList } from "#lib/contracts/api-keys.ts";
import { ago } from "#lib/view/instants.ts";

/** Two polls may fail; older than this, the list must not pass for live. Milliseconds. */
const STALE_AFTER_MS = 25_000;

export type KeyListState =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "list"; list: ApiKeyList; /** The last poll failed: what is shown is old. */ stale: { age: string; message: string } | null };

/** What to show of the list. */
export function keyListState(
  { data, error, failureReason, dataUpdatedAt }: Pick<UseQueryResult<ApiKeyList>, "data" | "error" | "failureReason" | "dataUpdatedAt">,
  nowMs: number | null,
): KeyListState {
  const message = (error ?? failureReason)?.message ?? null;
  if (data === undefined) return message === null ? { kind: "loading" } : { kind: "failed", message };
  const old = nowMs !== null && (error !== null || nowMs - dataUpdatedAt > STALE_AFTER_MS);
  return { kind: "list", list: data, stale: old ? { age: ago(new Date(dataUpdatedAt).toISOString(), nowMs), message: message ?? "The server takes long to answer." } : null };
}
