"use client";

import { useCallback, useSyncExternalStore } from "react";

/**
 * The reader's clock, for ages on the screen, in whole steps of `everyMs`. Null until the page has come alive:
 * the server's clock and zone are not the reader's.
 */
export function useNow(everyMs = 1_000): number | null {
  const subscribe = useCallback(
    (tick: () => void) => {
      const timer = setInterval(tick, everyMs);
      return () => clearInterval(timer);
    },
    [everyMs],
  );
  return useSyncExternalStore(
    subscribe,
    () => Math.floor(Date.now() / everyMs) * everyMs,
    () => null,
  );
}

const never = () => () => undefined;

/** Whether the page has come alive in a browser, so that its storage, clock and zone can be read. */
export function useAlive(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
