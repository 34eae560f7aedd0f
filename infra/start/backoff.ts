const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** After this long without a death the next one counts as the first again. */
const STABLE_MS = 60_000;

/**
 * Waits between restarts of something that dies: 0.5 s, doubled each time, at most 30 s, from the start again once it
 * has run for a minute.
 */
export function restartBackoff() {
  let deaths = 0;
  return {
    /** @param ranMs how long it ran this time. @returns milliseconds to wait. */
    next(ranMs: number): number {
      if (ranMs >= STABLE_MS) deaths = 0;
      const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(deaths, 16));
      deaths += 1;
      return wait;
    },
  };
}
