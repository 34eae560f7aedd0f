import type { Clock } from "#worker/clock.ts";
import type { Scheduler } from "./scheduler.ts";

/** Wall clock at virtual time 0. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

export type Host = ReturnType<typeof createHost>;

/**
 * What an operating system does to a process: it runs, is paused (SIGSTOP: its timers and answers wait, time goes
 * on) or is killed (nothing of it ever runs again; what it sent is on its way).
 */
export function createHost({ scheduler, name, wallOffsetMs }: { scheduler: Scheduler; name: string; wallOffsetMs: number }) {
  let state: "running" | "paused" | "dead" = "running";
  let offset = wallOffsetMs;
  let waiting: (() => void)[] = [];

  function run(callback: () => void): void {
    if (state === "running") callback();
    else if (state === "paused") waiting.push(callback);
  }

  const clock: Clock = {
    now: () => EPOCH_MS + Math.floor(scheduler.now()) + offset,
    monotonic: scheduler.now,
    setTimer(callback, ms) {
      let cancelled = false;
      const cancel = scheduler.after(ms, () => run(() => !cancelled && callback()));
      return () => {
        cancelled = true;
        cancel();
      };
    },
  };

  return {
    name,
    clock,
    alive: () => state !== "dead",
    running: () => state === "running",
    /** Runs what reaches the process from outside: an answer, a timer, a signal. */
    run,
    kill(): void {
      state = "dead";
      waiting = [];
    },
    pause(): void {
      if (state === "running") state = "paused";
    },
    resume(): void {
      if (state !== "paused") return;
      state = "running";
      for (const callback of waiting.splice(0)) scheduler.after(0, () => run(callback));
    },
    /** Moves the wall clock, which nothing but reports may depend on. */
    jump(ms: number): void {
      offset += ms;
    },
  };
}
