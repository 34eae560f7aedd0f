import type { Clock } from "#worker/clock.ts";

/** A clock whose time passes only when told to; promises settle between two timers. */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 1)) {
  let time = 0;
  let order = 0;
  const timers = new Map<number, { atMs: number; callback: () => void }>();
  const settled = async () => {
    for (let round = 0; round < 4; round += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const clock: Clock = {
    now: () => startMs + time,
    monotonic: () => time,
    setTimer: (callback, ms) => {
      order += 1;
      const id = order;
      timers.set(id, { atMs: time + Math.max(0, ms), callback });
      return () => timers.delete(id);
    },
  };
  return {
    clock,
    /** Lets `ms` pass, timer by timer. */
    async advance(ms: number): Promise<void> {
      const endMs = time + ms;
      await settled();
      for (;;) {
        const next = Array.from(timers)
          .filter(([, timer]) => timer.atMs <= endMs)
          .toSorted(([a, one], [b, other]) => one.atMs - other.atMs || a - b)[0];
        if (!next) break;
        timers.delete(next[0]);
        time = Math.max(time, next[1].atMs);
        next[1].callback();
        await settled();
      }
      time = endMs;
      await settled();
    },
  };
}
