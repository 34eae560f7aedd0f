import { expect, test } from "vitest";
import { StartError } from "./errors.ts";
import { type Run, supervise } from "./supervise.ts";

/** Runs that end when told, and a pause that takes no time. */
function stage() {
  const runs: { die: (how: string) => void; stopped: boolean }[] = [];
  const lines: string[] = [];
  const waits: number[] = [];
  let failures = 0;
  let changed = () => {};
  const start = (): Promise<Run> => {
    if (failures > 0) {
      failures -= 1;
      return Promise.reject(new Error("it was not ready"));
    }
    const { promise, resolve } = Promise.withResolvers<string>();
    const run = { die: resolve, stopped: false };
    runs.push(run);
    changed();
    return Promise.resolve({
      exited: promise,
      stop: async () => {
        run.stopped = true;
        resolve("stopped");
      },
    });
  };
  return {
    runs,
    lines,
    waits,
    failNext: (count: number) => {
      failures = count;
    },
    nextRun: () => new Promise<void>((done) => (changed = done)),
    options: {
      name: "the worker",
      start,
      tell: (line: string) => lines.push(line),
      now: () => 0,
      pause: async (ms: number, signal: AbortSignal) => {
        waits.push(ms);
        signal.throwIfAborted();
      },
    },
  };
}

test("a death is told and followed by a new start; starts that fail count as deaths", async () => {
  const { runs, lines, waits, failNext, nextRun, options } = stage();
  const kept = await supervise(options);
  failNext(2);
  const again = nextRun();
  runs[0]?.die("SIGKILL");
  await again;
  await kept.close();
  expect(waits.slice(0, 3)).toEqual([500, 1_000, 2_000]);
  expect(lines.slice(0, 3)).toEqual([
    "the worker: stopped (SIGKILL), starting again in 0.5 s",
    "the worker: stopped (it was not ready), starting again in 1 s",
    "the worker: stopped (it was not ready), starting again in 2 s",
  ]);
  expect(runs).toHaveLength(2);
  expect(runs[1]?.stopped).toBe(true);
});

test("closing stops the run and starts no other", async () => {
  const { runs, lines, options } = stage();
  const kept = await supervise(options);
  await kept.close();
  await kept.close();
  expect(runs).toHaveLength(1);
  expect(lines).toEqual([]);
});

test("the first start must succeed", async () => {
  const { failNext, options } = stage();
  failNext(1);
  await expect(supervise(options)).rejects.toThrow(new StartError("the worker did not start: it was not ready"));
});
