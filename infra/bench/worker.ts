import { loadavg } from "node:os";
import { median } from "./median.ts";
import { type Bench, rounded } from "./result.ts";
import { type Backends, startBackends } from "./worker-protocol.ts";
import { type Contender, measure, type Run } from "./worker-run.ts";

const REPETITIONS = 3;
const SECONDS = 5;
const WARM_UP_SECONDS = 3;
const MANY_USERS = 5_000;
const FEW_USERS = 8;
/** A round trip to a service of the same region. */
const AWAY_MS = 5;
/** More than anybody drains in a run at this rate. */
const MOST_PER_SECOND = 7_000;
const MILLION = 1_000_000;
/** SQS FIFO queues, us-east-1, past the free tier (AWS's price list, docs/cost.md). A request carries up to 64 KB. */
const USD_PER_MILLION_SQS_REQUESTS = 0.5;
const MILLION_SECONDS = 20;

const WORKLOADS: { name: string; users: number; roundTripMs?: number; contenders: Contender[] }[] = [
  { name: "many users", users: MANY_USERS, contenders: ["spillway", "sqs-consumer-message", "sqs-consumer-batch", "raw"] },
  { name: "eight users", users: FEW_USERS, contenders: ["spillway", "sqs-consumer-message", "sqs-consumer-batch", "sqs-consumer-one", "raw"] },
  { name: "eight users, away", users: FEW_USERS, roundTripMs: AWAY_MS, contenders: ["spillway", "sqs-consumer-batch", "sqs-consumer-one", "raw"] },
];

type Measure = "messagesPerSecond" | "cpuMsPer1000" | "callsPerMessage" | "sqsCallsPerMessage" | "peakMemoryMb";

function medianOf(runs: readonly Run[], contender: Contender, workload: string, what: Measure): number {
  return median(runs.filter((run) => run.contender === contender && run.workload === workload).map((run) => run[what]));
}

interface RunOptions {
  contender: Contender;
  workload: string;
  users: number;
  roundTripMs?: number;
  queue: string;
  messages: number;
  seconds: number;
}

async function oneRun(backends: Backends, { queue, messages, users, roundTripMs = 0, ...rest }: RunOptions) {
  const env = await backends.queue({ name: queue, messages, users, roundTripMs });
  try {
    return await measure({ backends, queue, env, warmUpSeconds: WARM_UP_SECONDS, ...rest });
  } finally {
    await backends.drop(queue);
  }
}

/**
 * The worker beside sqs-consumer and beside a raw loop of SDK calls: same stand-ins, same activities, same items, each
 * in a process of its own, in turn, and medians over the repetitions. Unthrottled: the dial is out of the way.
 */
export const bench: Bench = async ({ seconds = SECONDS, log }) => {
  const backends = await startBackends();
  const runs: Run[] = [];
  const messages = (WARM_UP_SECONDS + seconds + 2) * MOST_PER_SECOND;
  try {
    for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
      for (const { name, contenders, ...workload } of WORKLOADS) {
        for (const contender of contenders) {
          const run = await oneRun(backends, { contender, workload: name, ...workload, queue: `bench-${runs.length}.fifo`, messages, seconds });
          runs.push(run);
          log(
            `${repetition}/${REPETITIONS} ${name.padEnd(17)} ${contender.padEnd(21)} ${String(run.messagesPerSecond).padStart(6)} messages/s ` +
              `${run.cpuMsPer1000.toFixed(0).padStart(5)} CPU ms per 1,000 ${run.callsPerMessage.toFixed(3)} calls each, ${run.peakMemoryMb} MB`,
          );
        }
      }
    }
    log(`filling a queue with ${MILLION} messages`);
    const million = await oneRun(backends, {
      contender: "spillway",
      workload: "a million queued",
      users: MANY_USERS,
      queue: "bench-million.fifo",
      messages: MILLION,
      seconds: Math.max(seconds, MILLION_SECONDS),
    });
    log(`a million queued: ${million.messagesPerSecond} messages/s, ${million.peakMemoryMb} MB`);
    return { figures: figuresOf(runs, million), runs: [...runs, million] };
  } finally {
    await backends.close();
  }
};

function figuresOf(runs: readonly Run[], million: Run): Record<string, number> {
  const of = (contender: Contender, workload: string, what: Measure) => medianOf(runs, contender, workload, what);
  const [many, eight, away] = ["many users", "eight users", "eight users, away"];
  const usd = (contender: Contender) => rounded(of(contender, many, "sqsCallsPerMessage") * USD_PER_MILLION_SQS_REQUESTS);
  const fasterInOrder = (workload: string) =>
    Math.max(of("sqs-consumer-batch", workload, "messagesPerSecond"), of("sqs-consumer-one", workload, "messagesPerSecond"));
  const ratioInOrder = (contender: Contender, workload: string) => rounded(of(contender, workload, "messagesPerSecond") / fasterInOrder(workload));
  return {
    ratioManyUsers: rounded(of("spillway", many, "messagesPerSecond") / of("sqs-consumer-message", many, "messagesPerSecond")),
    ratioEightUsers: ratioInOrder("spillway", eight),
    // What the processor allows: a loop of bare SDK calls beside the same mode.
    ratioEightUsersRaw: ratioInOrder("raw", eight),
    ratioEightUsersAway: ratioInOrder("spillway", away),
    callsPerMessage: of("spillway", many, "callsPerMessage"),
    cpuRatioToRaw: rounded(of("spillway", many, "cpuMsPer1000") / of("raw", many, "cpuMsPer1000")),
    peakMemoryMb: million.peakMemoryMb,
    messagesPerSecond: of("spillway", many, "messagesPerSecond"),
    messagesPerSecondEightUsers: of("spillway", eight, "messagesPerSecond"),
    cpuMsPer1000: of("spillway", many, "cpuMsPer1000"),
    cpuMsPer1000SqsConsumer: of("sqs-consumer-message", many, "cpuMsPer1000"),
    cpuMsPer1000Raw: of("raw", many, "cpuMsPer1000"),
    sqsCallsPerMessage: of("spillway", many, "sqsCallsPerMessage"),
    sqsCallsPerMessageSqsConsumer: of("sqs-consumer-message", many, "sqsCallsPerMessage"),
    sqsCallsPerMessageSqsConsumerBatch: of("sqs-consumer-batch", many, "sqsCallsPerMessage"),
    usdPerMillion: usd("spillway"),
    usdPerMillionSqsConsumer: usd("sqs-consumer-message"),
    usdPerMillionSqsConsumerBatch: usd("sqs-consumer-batch"),
    overlapsSqsConsumer: runs.reduce((sum, run) => sum + (run.contender === "sqs-consumer-message" ? (run.overlaps ?? 0) : 0), 0),
    throttles: runs.reduce((sum, run) => sum + run.throttles, million.throttles),
    loadAverage: rounded(loadavg()[0] ?? 0),
  };
}
