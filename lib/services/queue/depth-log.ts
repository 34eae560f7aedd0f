/** Depths read from the queue, by the second, for as long as the chart's live part reaches. */
export interface DepthLog {
  add(atMs: number, waiting: number): void;
  /** Depth by epoch second. */
  all(): ReadonlyMap<number, number>;
}

/** @param keepSeconds older depths are dropped. */
export function createDepthLog({ keepSeconds }: { keepSeconds: number }): DepthLog {
  const depths = new Map<number, number>();
  let last: { second: number; waiting: number } | null = null;
  return {
    add(atMs, waiting) {
      const second = Math.floor(atMs / 1000);
      // A poll takes a second and a bit: the second it jumped over lies between two readings, and is no gap.
      if (last && second - last.second === 2) depths.set(second - 1, Math.round((last.waiting + waiting) / 2));
      depths.set(second, waiting);
      last = { second, waiting };
      for (const known of depths.keys()) {
        if (known >= second - keepSeconds) break;
        depths.delete(known);
      }
    },
    all: () => depths,
  };
}
