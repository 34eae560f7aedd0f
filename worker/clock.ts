/** Time as the worker sees it: injected, so that a simulator can drive it. */
export interface Clock {
  /** Wall clock, epoch milliseconds: for what is written down. */
  now: () => number;
  /** Milliseconds that never jump: for deadlines and pacing. */
  monotonic: () => number;
  /** Calls back once after `ms`. @returns a function that cancels it. */
  setTimer: (callback: () => void, ms: number) => () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (callback, ms) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted || ms <= 0) {
      resolve();
      return;
    }
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.setTimer(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Resolves once the monotonic clock has reached `atMs`; a timer may fire a little early. */
export async function sleepUntil(clock: Clock, atMs: number, signal?: AbortSignal): Promise<void> {
  for (let left = atMs - clock.monotonic(); left > 0; left = atMs - clock.monotonic()) {
    await sleep(clock, left, signal);
    if (signal?.aborted) return;
  }
}

/** Work that did not end in its time. Its signal has been aborted; it may still have had its effect. */
export class DeadlineExceeded extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${Math.round(ms)} ms`);
    this.name = "DeadlineExceeded";
  }
}

/**
 * Runs work under a time limit. At the limit its signal is aborted and this rejects, even if the work ignores it.
 * @param parent aborts the work earlier.
 * @throws DeadlineExceeded, or whatever the work throws.
 */
export async function withDeadline<T>(
  { clock, ms, what, parent }: { clock: Clock; ms: number; what: string; parent?: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let cancelTimer: () => void = () => {};
  const onParent = () => controller.abort(parent?.reason);
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error), { once: true });
  });
  ended.catch(() => {}); // the race below may be over already
  if (parent?.aborted) onParent();
  else parent?.addEventListener("abort", onParent, { once: true });
  cancelTimer = clock.setTimer(() => controller.abort(new DeadlineExceeded(what, ms)), ms);
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    cancelTimer();
    parent?.removeEventListener("abort", onParent);
  }
}

/** Lets loops wait until something has happened; what happened while nobody waited is not lost. */
export function createWake() {
  let pending = false;
  const waiting = new Set<() => void>();
  return {
    wake() {
      pending = true;
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
    async wait() {
      if (!pending) await new Promise<void>((resolve) => waiting.add(resolve));
      pending = false;
    },
  };
}
export type Wake = ReturnType<typeof createWake>;
