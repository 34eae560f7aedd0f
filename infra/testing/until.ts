import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until `condition` gives something other than false, null or undefined, and returns that.
 * @param deadlineMs longest wait; then it throws, with the last error that `condition` threw, if any.
 * @param everyMs pause between two looks.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { deadlineMs, everyMs = 25, what = "the condition" }: { deadlineMs: number; everyMs?: number; what?: string },
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value as Exclude<T, false | null | undefined>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) throw new Error(`${what} did not come true within ${deadlineMs} ms`, { cause });
    await sleep(everyMs);
  }
}
