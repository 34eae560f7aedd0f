/** Pause between two looks, milliseconds. */
const EVERY_MS = 20;
/** Weight of the newest look: one step is forgiven up to five times the bound; three times it must last for two looks. */
const WEIGHT = 0.2;

export interface LoopDelay {
  /** Whether the loop has been late for a while; once it has, until it is well on time again. */
  isLate(): boolean;
  /** How late it runs what is due, smoothed, milliseconds. */
  delayMs(): number;
  stop(): void;
}

/**
 * Watches how late the event loop runs what is due: the wait that every request gets on top of its own work.
 * @param lateMs late from here on, milliseconds; on time again below half of it.
 * @param now monotonic milliseconds.
 * @param every runs the action again and again; @returns what ends that.
 */
export function watchLoopDelay({
  lateMs,
  now = () => performance.now(),
  every = (pauseMs, action) => {
    const timer = setInterval(action, pauseMs).unref();
    return () => clearInterval(timer);
  },
}: {
  lateMs: number;
  now?: () => number;
  every?: (pauseMs: number, action: () => void) => () => void;
}): LoopDelay {
  let lookedAt = now();
  let delayMs = 0;
  let late = false;
  const stop = every(EVERY_MS, () => {
    const at = now();
    delayMs += (Math.max(0, at - lookedAt - EVERY_MS) - delayMs) * WEIGHT;
    lookedAt = at;
    late = delayMs > (late ? lateMs / 2 : lateMs);
  });
  return { isLate: () => late, delayMs: () => delayMs, stop };
}
