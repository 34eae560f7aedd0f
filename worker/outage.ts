import { retryDelayMs } from "#lib/domain/backoff.ts";
import type { Clock } from "./clock.ts";

/** Backoff of the whole worker while the table does not answer, at most, milliseconds. */
const MAX_PAUSE_MS = 30_000;

export type Outage = ReturnType<typeof createOutage>;

/** Whether the table answers at all. While it does not, one probe at a time goes out and nothing is received. */
export function createOutage({ clock, random, onChange }: { clock: Clock; random: () => number; onChange: () => void }) {
  let failures = 0;
  let untilMs = 0;
  /** When the latest failure that counted was seen. */
  let seenMs = Number.NEGATIVE_INFINITY;
  return {
    /** Something was stored, or refused for a reason of its own. */
    answered(): void {
      if (failures === 0) return;
      failures = 0;
      untilMs = 0;
      onChange();
    },
    /**
     * Many tries may be under way when the table falls silent: the first of them to fail is news, and the rest say it
     * again. So the pause grows only by a try that began after the failure before it.
     * @param begunMs when the try began, monotonic. @returns how long to wait, ms.
     */
    failed(begunMs: number): number {
      const nowMs = clock.monotonic();
      if (failures > 0 && begunMs < seenMs) return Math.max(0, untilMs - nowMs);
      seenMs = nowMs;
      const pauseMs = Math.min(MAX_PAUSE_MS, retryDelayMs(0, random()) * 2 ** Math.min(12, failures));
      failures += 1;
      untilMs = nowMs + pauseMs;
      clock.setTimer(onChange, pauseMs + 1);
      return pauseMs;
    },
    active: (): boolean => failures > 0,
    /** Nothing may be tried yet. */
    waiting: (): boolean => clock.monotonic() < untilMs,
  };
}
