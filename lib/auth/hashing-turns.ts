/**
 * Hashes of passwords that a process computes at once: each takes a thread of the four that Node has for such work, and
 * 32 MiB while it lasts.
 */
const AT_ONCE = 3;
/** Who may wait for a turn: at a tenth of a second each, about a second. More is told to come again. */
const WAITING = 30;
/** When to come again: by then whoever waits now has been served. */
export const HASHING_RETRY_SECONDS = 2;

export type HashingTurns = ReturnType<typeof createHashingTurns>;

/** Turns for what hashes passwords, first come first served, so that a flood of attempts takes neither the process nor its memory. */
export function createHashingTurns({ atOnce = AT_ONCE, waiting = WAITING }: { atOnce?: number; waiting?: number } = {}) {
  let busy = 0;
  const line: (() => void)[] = [];

  /** Hands the turn on, or gives it back. */
  function release(): void {
    const next = line.shift();
    if (next === undefined) busy -= 1;
    else next();
  }

  return {
    /** Does it in its turn. @returns null where too many wait: then nothing was done. */
    async run<T>(act: () => Promise<T>): Promise<T | null> {
      if (busy < atOnce) busy += 1;
      else if (line.length < waiting) await new Promise<void>((resolve) => line.push(resolve));
      else return null;
      try {
        return await act();
      } finally {
        release();
      }
    },
  };
}
