import { performance } from "node:perf_hooks";

/** Pause between two looks, milliseconds. */
const EVERY_MS = 100;
/** Share of its time from which on the loop counts as busy: it is never quite all, as there is always a moment to look for more. */
const BUSY = 0.9;

export interface LoopLoad {
  /** Whether the loop had hardly a moment to spare when it was looked at last. */
  isBusy(): boolean;
  stop(): void;
}

/**
 * Watches whether the event loop has time to spare. Where it has none, requests wait for the processor, and one more in
 * work makes all of them later; where it has, they wait for the queue, and may be many.
 * @param utilization share of the time, 0 to 1, that the loop was at work since the last call.
 */
export function watchLoopLoad({
  utilization = sinceLastCall(),
  every = (pauseMs, action) => {
    const timer = setInterval(action, pauseMs).unref();
    return () => clearInterval(timer);
  },
}: {
  utilization?: () => number;
  every?: (pauseMs: number, action: () => void) => () => void;
} = {}): LoopLoad {
  let busy = false;
  const stop = every(EVERY_MS, () => {
    busy = utilization() >= BUSY;
  });
  return { isBusy: () => busy, stop };
}

function sinceLastCall(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
