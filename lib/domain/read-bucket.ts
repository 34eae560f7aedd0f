import { itemsWithin, mostReadUnits } from "#lib/domain/read-cost.ts";

/** How fast a bucket fills and how much it holds, read units. */
export interface ReadRate {
  unitsPerSecond: number;
  burstUnits: number;
}

/** What one Query may look at, and what is set aside for it: the most that it can cost. */
export interface Reservation {
  items: number;
  units: number;
}

export type ReadBucket = ReturnType<typeof createReadBucket>;

/**
 * Read units of one process. A Query sets aside the most that it can cost and gives back what it did not, so the
 * units spent in any span of t seconds are at most `unitsPerSecond` * t + `burstUnits`, however large the items are. A
 * bucket too small for one largest item gives nothing.
 *
 * It starts empty: what it holds may just have been another's.
 * @param now monotonic milliseconds.
 */
export function createReadBucket({ now }: { now: () => number }) {
  let rate: ReadRate | null = { unitsPerSecond: 0, burstUnits: 0 };
  let tokens = 0;
  let filledAtMs = now();
  let inFlight = 0;

  function fill(): void {
    const nowMs = now();
    if (rate) {
      const filled = tokens + (rate.unitsPerSecond * Math.max(0, nowMs - filledAtMs)) / 1000;
      // What is set aside keeps its place: given back, it must not come on top of a full bucket.
      tokens = Math.min(filled, rate.burstUnits - inFlight);
    }
    filledAtMs = nowMs;
  }

  return {
    /** Changes the rate; null = unbounded. What was gathered stays, as far as the new bucket holds it. */
    setRate(next: ReadRate | null): void {
      fill();
      rate = next;
      if (rate) tokens = Math.min(tokens, rate.burstUnits - inFlight);
    },

    /**
     * Sets aside what a Query of up to `wanted` items can cost at most. While others are under way it takes half of what
     * there is, so that one does not starve the rest.
     * @returns null when not even one item can be had now.
     */
    reserve(wanted: number): Reservation | null {
      fill();
      if (!rate) return { items: wanted, units: 0 };
      const one = mostReadUnits(1);
      const items = Math.min(wanted, Math.max(itemsWithin(inFlight > 0 ? tokens / 2 : tokens), tokens >= one ? 1 : 0));
      if (items < 1) return null;
      const units = mostReadUnits(items);
      tokens -= units;
      inFlight += units;
      return { items, units };
    },

    /** Ends a reservation. @param spent what was charged; null = unknown, which counts as all of it. */
    settle({ units }: Reservation, spent: number | null): void {
      fill();
      inFlight -= units;
      tokens += units - (spent ?? units);
    },

    /** Whether something is set aside that may come back soon. */
    hasInFlight: () => inFlight > 0,

    /** Until one item may be read if nothing comes back, milliseconds; Infinity where there never will be enough. */
    waitMs(): number {
      fill();
      if (!rate) return 0;
      const one = mostReadUnits(1);
      return rate.burstUnits < one ? Number.POSITIVE_INFINITY : (Math.max(0, one - tokens) / rate.unitsPerSecond) * 1000;
    },
  };
}
