import { loadavg } from "node:os";
import { rawRun, type Run, type Sending, withApi } from "./ingest-run.ts";
import { median } from "./median.ts";
import { type Bench, type BenchResult, rounded } from "./result.ts";
import { type Backends, startBackends } from "./worker-protocol.ts";

const ROUNDS = 3;
const SECONDS = 5;
const WARM_UP_SECONDS = 3;
const CONNECTIONS = 64;
const RAW_SENDS = 64;
const RAW_BATCHES = 4;
const BULK_ACTIVITIES = 100;
/** As many as the raw batch loop has calls, so that neither has more to hide waits behind. */
const BULK_CONNECTIONS = 4;
const OVERLOAD = 10;
/** Until those that were refused come back in turns. */
const OVERLOAD_SETTLE_SECONDS = 3;
/** Far fewer than come, so that nearly all are refused. */
const REFUSING_REQUESTS = 2;

type Log = (line: string) => void;
interface Options {
  backends: Backends;
  seconds: number;
  log: Log;
}
type Part = (options: Options) => Promise<BenchResult>;

let queues = 0;
/** Names the next queue: each run has its own, so that none meets what the last has left. */
function nextQueue(): string {
  queues += 1;
  return `bench-${queues}.fifo`;
}

const single = { connections: CONNECTIONS, activitiesPerRequest: 1, obeysRetryAfter: true };
const bulk = { connections: BULK_CONNECTIONS, activitiesPerRequest: BULK_ACTIVITIES, obeysRetryAfter: true };

function tell(log: Log, round: number, run: Run): Run {
  log(
    `${round}/${ROUNDS} ${run.name.padEnd(14)} ${String(run.acceptedPerSecond).padStart(6)} activities/s p50 ${run.p50Ms.toFixed(1)} ms p99 ${run.p99Ms.toFixed(1)} ms ` +
      `${run.callsPerActivity.toFixed(3)} calls each, ${run.cpuMsPer1000.toFixed(0)} CPU ms per 1,000` +
      (run.refused > 0 ? `, ${run.refused} refused at p99 ${run.refusalP99Ms.toFixed(1)} ms` : "") +
      (run.failed > 0 ? `, ${run.failed} FAILED` : ""),
  );
  return run;
}

const medianOf = (runs: readonly Run[], name: string, what: Exclude<keyof Run, "name">) => rounded(median(runs.filter((run) => run.name === name).map((run) => run[what])));

/** The median over the rounds of one run beside another of the same round. */
function medianRatio(runs: readonly Run[], [name, beside]: [string, string], what: Exclude<keyof Run, "name">): number {
  const of = (wanted: string) => runs.filter((run) => run.name === wanted).map((run) => run[what]);
  const others = of(beside);
  return rounded(median(of(name).map((one, round) => one / (others[round] ?? Number.NaN))));
}

/** Single and bulk requests beside the raw loops; each alone on the machine, in turn, every other round backwards. */
const throughput: Part = async ({ backends, seconds, log }) => {
  const shared = { backends, warmUpSeconds: WARM_UP_SECONDS };
  const contenders: ((queue: string) => Promise<Run>)[] = [
    (queue) => withApi({ ...shared, queue, load: single }, (sending) => sending.measure("single", seconds)),
    (queue) => rawRun({ ...shared, queue, batch: false, concurrency: RAW_SENDS, seconds }, "raw send"),
    (queue) => withApi({ ...shared, queue, load: bulk }, (sending) => sending.measure("bulk", seconds)),
    (queue) => rawRun({ ...shared, queue, batch: true, concurrency: RAW_BATCHES, seconds }, "raw batch"),
  ];
  const runs: Run[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) runs.push(tell(log, round, await contender(nextQueue())));
  }
  return {
    figures: {
      singleRatio: medianRatio(runs, ["single", "raw send"], "acceptedPerSecond"),
      bulkRatio: medianRatio(runs, ["bulk", "raw batch"], "acceptedPerSecond"),
      callsPerActivity: medianOf(runs, "single", "callsPerActivity"),
      singlePerSecond: medianOf(runs, "single", "acceptedPerSecond"),
      singleP50Ms: medianOf(runs, "single", "p50Ms"),
      singleP99Ms: medianOf(runs, "single", "p99Ms"),
      bulkPerSecond: medianOf(runs, "bulk", "acceptedPerSecond"),
      bulkP50Ms: medianOf(runs, "bulk", "p50Ms"),
      bulkP99Ms: medianOf(runs, "bulk", "p99Ms"),
      rawSendPerSecond: medianOf(runs, "raw send", "acceptedPerSecond"),
      rawBatchPerSecond: medianOf(runs, "raw batch", "acceptedPerSecond"),
      singleCpuMsPer1000: medianOf(runs, "single", "cpuMsPer1000"),
      rawSendCpuMsPer1000: medianOf(runs, "raw send", "cpuMsPer1000"),
      bulkCpuMsPer1000: medianOf(runs, "bulk", "cpuMsPer1000"),
      rawBatchCpuMsPer1000: medianOf(runs, "raw batch", "cpuMsPer1000"),
    },
    runs,
  };
};

/** Ten times the connections, of clients that do as they are told, beside the usual number on the same process. */
const overload: Part = async ({ backends, seconds, log }) => {
  const runs: Run[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await withApi({ backends, queue: nextQueue(), load: single, warmUpSeconds: WARM_UP_SECONDS }, async (sending: Sending) => {
      runs.push(tell(log, round, await sending.measure("peak", seconds)));
      await sending.change({ connections: OVERLOAD * CONNECTIONS });
      await sending.measure("settling", OVERLOAD_SETTLE_SECONDS);
      runs.push(tell(log, round, await sending.measure("overload", seconds)));
    });
  }
  return {
    figures: {
      overloadAcceptedRatio: medianRatio(runs, ["overload", "peak"], "acceptedPerSecond"),
      overloadP99Ratio: medianRatio(runs, ["overload", "peak"], "p99Ms"),
      overloadP99Ms: medianOf(runs, "overload", "p99Ms"),
      overloadRefusalP99Ms: medianOf(runs, "overload", "refusalP99Ms"),
    },
    runs,
  };
};

/** The usual connections, nearly all of them refused, and all of them back at once. */
const refusals: Part = async ({ backends, seconds, log }) => {
  const runs: Run[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const options = { backends, queue: nextQueue(), load: { ...single, obeysRetryAfter: false }, env: { PUBLIC_API_MAX_REQUESTS: String(REFUSING_REQUESTS) }, warmUpSeconds: WARM_UP_SECONDS };
    runs.push(tell(log, round, await withApi(options, (sending) => sending.measure("refusals", seconds))));
  }
  return {
    figures: { refusalP99Ms: medianOf(runs, "refusals", "refusalP99Ms"), refusalsPerSecond: Math.round(medianOf(runs, "refusals", "refused") / seconds) },
    runs,
  };
};

const PARTS: Record<string, Part> = {
  throughput,
  overload,
  refusals,
  dashboard: async ({ seconds, log }) => await (await import("./ingest-dashboard.ts")).dashboard({ seconds, log }),
};

/**
 * What the public API takes, over HTTP, in a process of its own, beside raw loops of SDK calls to the same stand-in; what
 * it does when too many come; and what the dashboard notices of it. Parts: throughput, overload, refusals, dashboard.
 */
export const bench: Bench = async ({ seconds = SECONDS, only = Object.keys(PARTS), log }) => {
  const unknown = only.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`No such part: ${unknown.join(", ")}. There are ${Object.keys(PARTS).join(", ")}.`);
  const result: BenchResult = { figures: {}, runs: [] };
  const backends = await startBackends();
  try {
    for (const name of only) {
      const part = await PARTS[name]?.({ backends, seconds, log });
      if (!part) continue;
      Object.assign(result.figures, part.figures);
      result.runs.push(...part.runs);
    }
  } finally {
    await backends.close();
  }
  result.figures.loadAverage = rounded(loadavg()[0] ?? 0);
  return result;
};
