import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LogEvent, startChild } from "#infra/start/child.ts";
import { WORKER_NODE_OPTIONS } from "#infra/start/node-options.ts";
import { rounded } from "./result.ts";
import type { Backends, QueueCounts } from "./worker-protocol.ts";

export type Contender = "spillway" | "sqs-consumer-message" | "sqs-consumer-one" | "sqs-consumer-batch" | "raw";

export type Run = {
  contender: Contender;
  workload: string;
  messages: number;
  seconds: number;
  messagesPerSecond: number;
  cpuMsPer1000: number;
  /** Of the process since its start. */
  peakMemoryMb: number;
  /** SQS and DynamoDB calls for one message acked. */
  callsPerMessage: number;
  sqsCallsPerMessage: number;
  calls: Record<string, number>;
  throttles: number;
  /** Messages begun while another of the same user was in hand; only where the contender counts them. */
  overlaps?: number;
};

const USAGE = new URL(`file://${join(import.meta.dirname, "worker-usage.ts")}`).href;
const READY_DEADLINE_MS = 60_000;
/** A process is warm after as many messages, or after the longest warm-up: a slow one on a busy machine takes longer. */
const WARM_MESSAGES = 4_000;
const LONGEST_WARM_UP_MS = 15_000;
const POLL_MS = 250;
const USAGE_DEADLINE_MS = 30_000;

const ENTRY: Record<Contender, string[]> = {
  spillway: [...WORKER_NODE_OPTIONS, "worker/main.ts"],
  "sqs-consumer-message": ["infra/bench/worker-contender.ts", "sqs-consumer-message"],
  "sqs-consumer-one": ["infra/bench/worker-contender.ts", "sqs-consumer-one"],
  "sqs-consumer-batch": ["infra/bench/worker-contender.ts", "sqs-consumer-batch"],
  raw: ["infra/bench/worker-contender.ts", "raw"],
};

/** The calls that were made between two counts. */
function callsBetween(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).flatMap(([name, count]) => (count > (before[name] ?? 0) ? [[name, count - (before[name] ?? 0)]] : [])));
}
const sum = (calls: Record<string, number>) => Object.values(calls).reduce((total, one) => total + one, 0);

/**
 * Lets one contender drain a filled queue, alone on the stand-ins, and measures it between a warm-up and an end that
 * comes before the queue is empty.
 * @throws when the queue ran empty: then the run says nothing.
 */
export async function measure({
  backends,
  contender,
  workload,
  queue,
  env,
  warmUpSeconds,
  seconds,
}: {
  backends: Backends;
  contender: Contender;
  workload: string;
  queue: string;
  env: Record<string, string>;
  warmUpSeconds: number;
  seconds: number;
}): Promise<Run> {
  let said: ((event: LogEvent) => void) | null = null;
  const child = startChild({
    args: [`--import=${USAGE}`, ...ENTRY[contender]],
    env,
    onEvent: (event) => {
      if (event.event === "usage") said?.(event);
      if (event.event === "fault") console.error(JSON.stringify(event));
    },
  });
  const usage = () =>
    new Promise<Record<string, number>>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${contender} did not say what it used`)), USAGE_DEADLINE_MS);
      said = (event) => {
        clearTimeout(late);
        resolve(event as unknown as Record<string, number>);
      };
      process.kill(child.pid, "SIGUSR2");
    });
  try {
    await child.event("ready", { deadlineMs: READY_DEADLINE_MS });
    await sleep(warmUpSeconds * 1000);
    for (const end = performance.now() + LONGEST_WARM_UP_MS; performance.now() < end; await sleep(POLL_MS)) {
      if ((await backends.counts(queue)).deleted >= WARM_MESSAGES) break;
    }
    const [before, used] = [await backends.counts(queue), await usage()];
    await sleep(seconds * 1000);
    const [after, usedAfter] = [await backends.counts(queue), await usage()];
    if (after.left === 0) throw new Error(`${contender} emptied its queue before the end of the run: fill in more`);
    return figuresOf({ contender, workload, before, after, used, usedAfter });
  } finally {
    await child.stop();
  }
}

function figuresOf({
  contender,
  workload,
  before,
  after,
  used,
  usedAfter,
}: {
  contender: Contender;
  workload: string;
  before: QueueCounts;
  after: QueueCounts;
  used: Record<string, number>;
  usedAfter: Record<string, number>;
}): Run {
  const messages = after.deleted - before.deleted;
  const seconds = (after.atMs - before.atMs) / 1000;
  const sqs = callsBetween(before.sqs, after.sqs);
  const dynamodb = callsBetween(before.dynamodb, after.dynamodb);
  const per = (amount: number) => rounded(amount / Math.max(1, messages));
  return {
    contender,
    workload,
    messages,
    seconds: rounded(seconds),
    messagesPerSecond: Math.round(messages / seconds),
    cpuMsPer1000: rounded(((usedAfter.cpuMs ?? 0) - (used.cpuMs ?? 0)) / Math.max(1, messages / 1000)),
    peakMemoryMb: Math.round(usedAfter.maxRssMb ?? 0),
    callsPerMessage: per(sum(sqs) + sum(dynamodb)),
    sqsCallsPerMessage: per(sum(sqs)),
    calls: { ...sqs, ...dynamodb },
    throttles: after.throttles - before.throttles,
    ...(usedAfter.overlaps !== undefined && { overlaps: usedAfter.overlaps - (used.overlaps ?? 0) }),
  };
}
