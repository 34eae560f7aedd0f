const WINDOW_MS = 1_000;

interface Window {
  /** What was spent and when, oldest first. */
  spent: { atMs: number; units: number }[];
  total: number;
}

function expire(window: Window, atMs: number): void {
  let gone = 0;
  for (const entry of window.spent) {
    if (atMs - entry.atMs < WINDOW_MS) break;
    window.total -= entry.units;
    gone += 1;
  }
  if (gone > 0) window.spent.splice(0, gone);
  if (window.spent.length === 0) window.total = 0;
}

/**
 * Holds each partition key to a limit that the table's units cannot lift (1,000 WCU/s, 3,000 RCU/s).
 * A sliding window, not a bucket: no second, wherever it begins, sees more than the limit.
 */
export function createKeyWindows({ unitsPerSecond }: { unitsPerSecond: number }) {
  const windows = new Map<string, Window>();
  let prunedAtMs = Number.NEGATIVE_INFINITY;

  function prune(atMs: number): void {
    if (atMs - prunedAtMs < WINDOW_MS) return;
    prunedAtMs = atMs;
    for (const [key, window] of windows) {
      expire(window, atMs);
      if (window.spent.length === 0) windows.delete(key);
    }
  }

  return {
    /** Whether `units` more fit into the second that ends now. A lone request always fits. */
    fits(key: string, units: number, atMs: number): boolean {
      const window = windows.get(key);
      if (!window) return true;
      expire(window, atMs);
      return window.spent.length === 0 || window.total + units <= unitsPerSecond;
    },

    /** Counts `units` against the key. */
    spend(key: string, units: number, atMs: number): void {
      prune(atMs);
      const window = windows.get(key) ?? { spent: [], total: 0 };
      windows.set(key, window);
      const last = window.spent.at(-1);
      if (last?.atMs === atMs) last.units += units;
      else window.spent.push({ atMs, units });
      window.total += units;
    },

    /** Keys held at the moment. */
    size: () => windows.size,
  };
}
