/** Longest wait of a failed message before it is tried again, seconds. */
const MAX_NACK_SECONDS = 300;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * Visibility of a failed message and its followers: doubles with each failed attempt from 2 s, +-20 % so that
 * messages that failed together do not come back together.
 * @param random 0 to 1.
 */
export function nackDelaySeconds(attempts: number, random: number): number {
  const base = Math.min(MAX_NACK_SECONDS, 2 ** Math.min(16, Math.max(1, attempts)));
  return Math.max(1, Math.round(base * (0.8 + 0.4 * random)));
}

/**
 * Wait before the same thing is tried again in place: doubles from 100 ms to 5 s, a half of it random.
 * @param setbacks how often it has been put off already, from 0. @param random 0 to 1.
 */
export function retryDelayMs(setbacks: number, random: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(16, setbacks)) * (0.5 + 0.5 * random);
}
