import type { UseQueryResult } from "@tanstack/react-query";
import type { AuditAct, AuditList } from "#lib/contracts/audit.ts";
import { ago } from "#lib/view/instants.ts";
import type { ActState } from "./act-drawer.tsx";
import type { PageState } from "./audit-screen.tsx";

/** The newest page is read every 5 s; older than this, what is shown must not pass for live. Milliseconds. */
const STALE_AFTER_MS = 15_000;

type Read<T> = Pick<UseQueryResult<T>, "data" | "error" | "failureReason" | "dataUpdatedAt" | "isPlaceholderData">;

const failureOf = ({ error, failureReason }: Read<unknown>): string | null => (error ?? failureReason)?.message ?? null;

/** @param live whether the page reads itself again; one that stands still does not grow stale. */
export function pageState(query: Read<AuditList>, { live, nowMs }: { live: boolean; nowMs: number | null }): PageState {
  const message = failureOf(query);
  if (query.data === undefined) return message === null ? { kind: "loading" } : { kind: "failed", message };
  const old = nowMs !== null && live && !query.isPlaceholderData && (query.error !== null || nowMs - query.dataUpdatedAt >= STALE_AFTER_MS);
  return {
    kind: "page",
    list: query.data,
    asOf: new Date(query.isPlaceholderData ? (nowMs ?? 0) : query.dataUpdatedAt).toISOString(),
    stale: old ? { age: ago(new Date(query.dataUpdatedAt).toISOString(), nowMs), message: message ?? "The server takes long to answer." } : null,
    busy: query.isPlaceholderData,
  };
}

export function actState(query: Read<AuditAct | null>): ActState {
  if (query.data !== undefined) return query.data === null ? { kind: "none" } : { kind: "act", act: query.data };
  const message = failureOf(query);
  return message === null ? { kind: "loading" } : { kind: "failed", message };
}
