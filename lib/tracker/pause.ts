/** Growth of pauses: up to 0.5 s after the first failure, up to twice as long after each more, never over a minute. */
const FIRST_MS = 500;
const MOST_MS = 60_000;
/** Longest that an answer may put off the next request, milliseconds. */
const MOST_RETRY_AFTER_MS = 3_600_000;

/**
 * Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3).
 * @param nowMs epoch milliseconds, by the clock that the date is compared with.
 * @returns milliseconds from now; 0 when there is none to read.
 */
export function retryAfterMs(value: string | null, nowMs: number): number {
  if (value === null) return 0;
  const trimmed = value.trim();
  const ms = /^\d+$/.test(trimmed) ? Number(trimmed) * 1000 : Date.parse(trimmed) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MOST_RETRY_AFTER_MS) : 0;
}

/**
 * How long to wait before the next try: full jitter, so that those who failed together do not come back together, on
 * top of what the answer asked for.
 * @param failures tries in a row that failed, at least 1.
 */
export function pauseMs({ failures, askedMs, random }: { failures: number; askedMs: number; random: () => number }): number {
  return askedMs + random() * Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
}

/** After an answer that the same request will get again, such as to a wrong key: between half a minute and a whole. */
export function slowPauseMs({ askedMs, random }: { askedMs: number; random: () => number }): number {
  return Math.max(askedMs, MOST_MS / 2 + (random() * MOST_MS) / 2);
}
