/**
 * Units that a table may spend: filled at its provisioned rate, holding what was not used for up to `burstSeconds`
 * (DynamoDB keeps 300 s, best effort). It starts with one second's worth and no burst, so that a fresh table behaves
 * the same each time.
 * Over any span of t seconds it admits at most rate * t + what it can hold, or + one request larger than that.
 */
export function createTokenBucket({ unitsPerSecond, burstSeconds, nowMs }: { unitsPerSecond: number; burstSeconds: number; nowMs: number }) {
  const heldSeconds = Math.max(1, burstSeconds);
  let rate = unitsPerSecond;
  let tokens = rate;
  let filledAtMs = nowMs;

  function fill(atMs: number): void {
    // A clock that steps back must not take tokens away.
    const elapsedMs = Math.max(0, atMs - filledAtMs);
    filledAtMs = atMs;
    tokens = Math.min(rate * heldSeconds, tokens + (rate * elapsedMs) / 1000);
  }

  return {
    /** Takes `units` if they are there. A request larger than a full bucket is let through by one and leaves a debt. */
    tryTake(units: number, atMs: number): boolean {
      fill(atMs);
      if (tokens < Math.min(units, rate * heldSeconds)) return false;
      tokens -= units;
      return true;
    },

    /** Charges what turned out to have been spent, below zero if need be; a negative number gives back. */
    settle(units: number, atMs: number): void {
      fill(atMs);
      tokens = Math.min(rate * heldSeconds, tokens - units);
    },

    /** Changes the rate; what was gathered stays, as far as the new bucket holds it. */
    setRate(unitsPerSecondNow: number, atMs: number): void {
      fill(atMs);
      rate = unitsPerSecondNow;
      tokens = Math.min(tokens, rate * heldSeconds);
    },
  };
}
