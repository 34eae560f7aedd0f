import { setTimeout as sleep } from "node:timers/promises";
import { restartBackoff } from "./backoff.ts";
import { StartError } from "./errors.ts";

/** One run of something kept alive. */
export interface Run {
  exited: Promise<string>;
  stop(): Promise<void>;
}

export interface Supervised {
  /** Ends the run and the restarting. May be called again. */
  close(): Promise<void>;
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/**
 * Keeps something running: a death is told and followed by a new start, with backoff.
 *
 * @param start resolves when it is healthy; its rejection counts as a death, but for the first, which is thrown.
 * @param tell one line for the terminal.
 */
export async function supervise({
  name,
  start,
  tell,
  now = () => performance.now(),
  pause = (ms, signal) => sleep(ms, undefined, { signal }),
}: {
  name: string;
  start: () => Promise<Run>;
  tell: (line: string) => void;
  now?: () => number;
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}): Promise<Supervised> {
  const closing = new AbortController();
  const backoff = restartBackoff();
  let startedAt = now();
  let current: Run | null = await start().catch((cause: unknown) => {
    throw new StartError(`${name} did not start: ${(cause as Error).message}`, { cause });
  });

  const keep = async (): Promise<void> => {
    let how = current ? await current.exited : "";
    while (!closing.signal.aborted) {
      const wait = backoff.next(now() - startedAt);
      tell(`${name}: stopped (${how}), starting again in ${seconds(wait)}`);
      try {
        await pause(wait, closing.signal);
      } catch {
        return;
      }
      startedAt = now();
      try {
        current = await start();
      } catch (error) {
        how = (error as Error).message;
        continue;
      }
      if (closing.signal.aborted) {
        // This start was under way when the closing began.
        await current.stop();
        return;
      }
      tell(`${name}: up again`);
      how = await current.exited;
    }
  };
  const kept = keep();
  return {
    async close() {
      closing.abort();
      await current?.stop();
      await kept;
    },
  };
}
