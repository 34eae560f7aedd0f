import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { parseArgs } from "node:util";
import { check } from "./check.ts";
import { runSeed } from "./run-seed.ts";
import type { SeedReport } from "./seeds-thread.ts";
import { traceLine } from "./trace.ts";

const USAGE = `npm run simulate -- [--seeds N] [--seed S] [--jobs J] [--mode safety|liveness] [--trace] [--json]
  --seeds N   how many seeds to run, from --seed on (default 1000, or 1 with --trace)
  --seed S    first seed (default 1)
  --jobs J    threads (default 1)
  --mode M    liveness (default): faults end and the queue must drain; safety: stop when the faults do
  --trace     print all that happens in seed S, and what it violates
  --json      print the result as JSON`;

/** Failures that are printed; the rest is counted. */
const SHOWN = 20;
/** Seeds a thread takes at a time. */
const CHUNK = 50;

interface Options {
  first: number;
  seeds: number;
  jobs: number;
  mode: "safety" | "liveness";
}

async function trace(seed: number, mode: Options["mode"]): Promise<number> {
  const log = await runSeed(seed, { mode, onEntry: (entry) => console.log(traceLine(entry)) });
  const violations = check(log);
  for (const { promise, step, what } of violations) console.log(`VIOLATION of "${promise}" at step ${step}: ${what}`);
  console.log(`seed ${seed}: ${violations.length === 0 ? "no violation" : `${violations.length} violations`}`);
  return violations.length;
}

/** Deals chunks of seeds to threads. */
async function runAll({ first, seeds, jobs, mode }: Options): Promise<{ ran: number; failed: SeedReport[] }> {
  const failed: SeedReport[] = [];
  let next = first;
  let ran = 0;
  const end = first + seeds;
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      const thread = new Worker(new URL("./seeds-thread.ts", import.meta.url), { workerData: { mode } });
      try {
        while (next < end) {
          const from = next;
          const to = Math.min(end, from + CHUNK);
          next = to;
          const answered = once(thread, "message"); // rejects on "error"
          thread.postMessage({ from, to }, []);
          const [reports] = (await answered) as [SeedReport[]];
          ran += to - from;
          for (const report of reports) {
            failed.push(report);
            console.error(`seed ${report.seed}, step ${report.violations[0]?.step ?? 0}: ${report.violations[0]?.promise ?? ""}: ${report.violations[0]?.what ?? ""}`);
          }
          if (process.stderr.isTTY) process.stderr.write(`\r${ran} of ${seeds} seeds, ${failed.length} failed `);
        }
      } finally {
        await thread.terminate();
      }
    }),
  );
  return { ran, failed };
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
    mode: { type: "string", default: "liveness" },
    trace: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const first = Number(values.seed);
const seeds = Number(values.seeds ?? 1_000);
const jobs = Number(values.jobs);
const mode = values.mode === "safety" ? "safety" : "liveness";
if (values.help || ![first, seeds, jobs].every((number) => Number.isSafeInteger(number) && number > 0)) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 64;
} else if (values.trace) {
  process.exitCode = (await trace(first, mode)) > 0 ? 1 : 0;
} else {
  const startedMs = performance.now();
  const { ran, failed } = await runAll({ first, seeds, jobs, mode });
  const seconds = (performance.now() - startedMs) / 1000;
  const result = { seeds: ran, first, mode, violations: failed.length, failed: failed.slice(0, SHOWN), seconds: Math.round(seconds * 10) / 10 };
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(`${ran} seeds from ${first} in ${seconds.toFixed(1)} s: ${failed.length === 0 ? "no violation" : `${failed.length} seeds with violations`}`);
    for (const { seed } of failed.slice(0, SHOWN)) console.log(`  replay: npm run simulate -- --seed ${seed} --trace`);
  }
  process.exitCode = failed.length > 0 ? 1 : 0;
}
