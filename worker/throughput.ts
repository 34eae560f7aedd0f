import type { Clock } from "./clock.ts";

/** The past that is looked at, in parts that age out one by one. */
const PARTS = 8;
const PART_MS = 250;

export type Throughput = ReturnType<typeof createThroughput>;

/** How many write units a second this worker stored of late: over two seconds, less just after the start. */
export function createThroughput({ clock }: { clock: Pick<Clock, "monotonic"> }) {
  const counts = Array.from({ length: PARTS }, () => 0);
  const startedPart = partOf(clock.monotonic());
  let current = startedPart;

  /** Forgets the parts that have aged out. */
  function advance(): void {
    const now = partOf(clock.monotonic());
    for (let part = Math.max(current + 1, now - PARTS + 1); part <= now; part += 1) counts[part % PARTS] = 0;
    current = Math.max(current, now);
  }

  return {
    count(writeUnits: number): void {
      advance();
      counts[current % PARTS] = (counts[current % PARTS] ?? 0) + writeUnits;
    },

    perSecond(): number {
      advance();
      const parts = Math.min(PARTS, current - startedPart + 1);
      return (counts.reduce((sum, one) => sum + one, 0) * 1000) / (parts * PART_MS);
    },
  };
}

function partOf(monotonicMs: number): number {
  return Math.floor(monotonicMs / PART_MS);
}
