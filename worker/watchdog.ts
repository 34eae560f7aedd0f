import { Worker } from "node:worker_threads";

const BEAT_MS = 250;
/** A block of this length is told of once it is over. */
const TELL_MS = 2_000;
const LEAST_LIMIT_SECONDS = 10;
const MOST_LIMIT_SECONDS = 60;

export interface WatchdogData {
  /** 0: beats of the event loop. 1: set to end the thread. */
  cells: Int32Array<SharedArrayBuffer>;
  pollMs: number;
  tellMs: number;
  limitMs: number;
  worker: string;
}

/**
 * How long an event loop may be blocked before the process ends itself: the visibility timeout, since by then all it
 * held belongs to others; at least 10 s, for a machine that is merely short of processors, and at most 60 s.
 * @param given WORKER_BLOCKED_SECONDS; 0 = for ever.
 */
export function blockedLimitSeconds({ given, visibilitySeconds }: { given: number | null; visibilitySeconds: number }): number {
  return given ?? Math.min(MOST_LIMIT_SECONDS, Math.max(LEAST_LIMIT_SECONDS, visibilitySeconds));
}

export interface Watchdog {
  close(): void;
}

/**
 * Watches this thread's event loop from another one. A block of 2 s or more is one `event_loop_blocked` line that
 * says for how long; one that reaches the limit ends the process by SIGALRM, so that it is started again. A pause of
 * the whole process is not a block.
 */
export function startWatchdog({
  limitSeconds,
  worker,
  onFault,
  tellMs = TELL_MS,
}: {
  limitSeconds: number;
  worker: string;
  /** The watching thread ended: a worker without it still works, unwatched. */
  onFault: (thrown: unknown) => void;
  tellMs?: number;
}): Watchdog {
  const cells = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const data: WatchdogData = { cells, pollMs: BEAT_MS, tellMs, limitMs: limitSeconds * 1000, worker };
  const thread = new Worker(new URL("watchdog-thread.mjs", import.meta.url), {
    workerData: data,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  thread.unref();
  thread.on("error", onFault);
  const beats = setInterval(() => Atomics.add(cells, 0, 1), BEAT_MS);
  beats.unref();
  return {
    close() {
      clearInterval(beats);
      Atomics.store(cells, 1, 1);
      Atomics.notify(cells, 1);
    },
  };
}
