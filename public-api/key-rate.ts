/** Keys remembered; a full one is as good as one never seen. */
const MOST_KEYS = 2_000;

export type KeyRate = ReturnType<typeof createKeyRate>;

/**
 * Bounds what one key may ask for: a token bucket for each, in this process alone. Holds a second's worth.
 * @param now monotonic milliseconds.
 */
export function createKeyRate({ perSecond, now = () => performance.now() }: { perSecond: number; now?: () => number }) {
  const buckets = new Map<string, { tokens: number; atMs: number }>();

  function filled(keyId: string): { tokens: number; atMs: number } {
    const nowMs = now();
    const { tokens, atMs } = buckets.get(keyId) ?? { tokens: perSecond, atMs: nowMs };
    return { tokens: Math.min(perSecond, tokens + (perSecond * (nowMs - atMs)) / 1000), atMs: nowMs };
  }

  return {
    perSecond,
    /** @returns whether the request may go on, how many more may follow at once, and seconds until there is one more. */
    take(keyId: string): { ok: boolean; remaining: number; resetSeconds: number } {
      const bucket = filled(keyId);
      const ok = bucket.tokens >= 1;
      if (ok) bucket.tokens -= 1;
      if (buckets.size >= MOST_KEYS) for (const id of buckets.keys()) if (filled(id).tokens >= perSecond) buckets.delete(id);
      buckets.set(keyId, bucket);
      return { ok, remaining: Math.floor(bucket.tokens), resetSeconds: Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond)) };
    },
  };
}
