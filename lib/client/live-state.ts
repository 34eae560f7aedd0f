"use client";

import { notifyManager, type QueryCache, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

export type LiveState = "waiting" | "connected" | "reconnecting" | "stale";

/** Age at which what is shown must not pass for live, milliseconds. */
const STALE_AFTER_MS = 10_000;

interface QueryView {
  /** When it last succeeded, epoch ms; 0 = never. */
  updatedAt: number;
  failing: boolean;
  /** Polls by itself: only such a query can go stale. */
  polled: boolean;
}

/** What the queries on the screen say together. Pure, so that it can be tested. */
export function liveStateOf(queries: readonly QueryView[], nowMs: number): LiveState {
  if (queries.length === 0) return "connected";
  if (queries.some(({ polled, updatedAt }) => polled && updatedAt > 0 && nowMs - updatedAt > STALE_AFTER_MS)) return "stale";
  if (queries.some(({ failing }) => failing)) return "reconnecting";
  return queries.every(({ updatedAt }) => updatedAt === 0) ? "waiting" : "connected";
}

function read(cache: QueryCache): QueryView[] {
  return cache
    .getAll()
    .filter((query) => query.isActive())
    .map((query) => {
      const asked = query.observers[0]?.options.refetchInterval;
      const interval = typeof asked === "function" ? asked(query) : asked;
      const polled = typeof interval === "number" && interval < STALE_AFTER_MS;
      const failing = query.state.status === "error" || query.state.fetchFailureCount > 0;
      return { updatedAt: query.state.dataUpdatedAt, failing, polled };
    });
}

/** State of the connection to our server, over all queries of the page. */
export function useLiveState(): LiveState {
  const cache = useQueryClient().getQueryCache();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  // Batched: the cache tells of a new observer while a component renders, when no state may be set.
  const subscribe = useCallback((changed: () => void) => cache.subscribe(notifyManager.batchCalls(changed)), [cache]);
  return useSyncExternalStore(
    subscribe,
    () => liveStateOf(read(cache), Date.now()),
    () => "waiting",
  );
}
