import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { apiDownload, apiFetch } from "#lib/client/fetch.ts";
import { type AuditExportRequest, type AuditFilterQuery, auditListSchema, auditVerifySchema } from "#lib/contracts/audit.ts";

/** How often the newest page is read again, milliseconds; older pages stand still. */
const POLL_MS = 5_000;

export interface AuditPageQuery extends AuditFilterQuery {
  /** Row before which the page begins; absent = the newest. */
  before?: number;
}

/** One page of the audit log; the page before stays on the screen while the next one is read. */
export const useAuditPage = (query: AuditPageQuery) =>
  useQuery({
    queryKey: ["audit", "page", query] as const,
    queryFn: ({ signal }) => apiFetch({ path: "/api/audit", query: { ...query }, schema: auditListSchema, signal }),
    refetchInterval: query.before === undefined ? POLL_MS : false,
    placeholderData: keepPreviousData,
  });

/** One act; idle without an id. Polled until its outcome is written. */
export const useAuditAct = (id: string | null) =>
  useQuery({
    queryKey: ["audit", "act", id] as const,
    queryFn: async ({ signal }) => {
      const { items } = await apiFetch({ path: "/api/audit", query: { id: id ?? "" }, schema: auditListSchema, signal });
      return items[0] ?? null;
    },
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.outcome === null ? POLL_MS : false),
  });

/** Hands a file to the browser's downloads. */
function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** @throws ApiError */
export async function downloadAudit(request: AuditExportRequest): Promise<void> {
  const file = await apiDownload({ path: "/api/audit/export", body: request });
  save(file, `spillway-audit-${new Date().toISOString().slice(0, 16).replace(":", "-")}.${request.format}`);
}

/** How far a walk over the chain has come. */
export type ChainCheck =
  | { kind: "idle" }
  | { kind: "running"; checked: number; rows: number | null }
  | { kind: "whole"; rows: number; hash: string; at: string }
  | { kind: "broken"; seq: number; message: string; whole: number }
  | { kind: "failed"; message: string };

/** Walks the chain from the page, a part a request. */
export function useChainCheck(): { check: ChainCheck; start: () => void } {
  const [check, setCheck] = useState<ChainCheck>({ kind: "idle" });
  const running = useRef<AbortController | null>(null);
  const walk = useCallback(async (signal: AbortSignal) => {
    let from: { seq: number; hash: string } | undefined;
    for (;;) {
      const step = await apiFetch({ path: "/api/audit/verify", body: { ...(from && { from }) }, schema: auditVerifySchema, signal });
      if (step.fault) return { kind: "broken", seq: step.fault.seq, message: step.fault.message, whole: step.position.seq } as const;
      if (step.done) return { kind: "whole", rows: step.rows, hash: step.position.hash, at: new Date().toISOString() } as const;
      from = step.position;
      setCheck({ kind: "running", checked: step.position.seq, rows: step.rows });
    }
  }, []);
  const start = useCallback(() => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    setCheck({ kind: "running", checked: 0, rows: null });
    walk(control.signal).then(setCheck, (error: unknown) => {
      if (!control.signal.aborted) setCheck({ kind: "failed", message: error instanceof Error ? error.message : "It did not work." });
    });
  }, [walk]);
  return { check, start };
}
