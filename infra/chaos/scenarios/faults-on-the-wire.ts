import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRule } from "#infra/chaos/faults.ts";
import type { RunReport } from "#infra/chaos/harness.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const WORKERS = 2;
const PER_SECOND = 80;
/** Once faults stop: the longest backoff of a worker (30 s), the throttle factor's recovery, and the backlog. */
const DRAIN_SECONDS = 120;

const BATCHES = ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"];
const WRITES = ["BatchWriteItem", "PutItem"];

interface Storm {
  name: string;
  what: string;
  /** One after the other, each for as long. */
  phases: readonly (readonly FaultRule[])[];
  /** Through the public API, so that sends meet the faults too. */
  throughApi: boolean;
}

const sqs = (kind: FaultRule["kind"], rate: number, operations?: readonly string[]): FaultRule => ({ service: "sqs", kind, rate, ...(operations && { operations }) });
const table = (kind: FaultRule["kind"], rate: number): FaultRule => ({ service: "dynamodb", kind, rate, operations: WRITES });

const STORMS: readonly Storm[] = [
  {
    name: "throttle-storm",
    what: "DynamoDB throttles 50 % of the writes, then all of them",
    phases: [[table("throttle", 0.5)], [table("throttle", 1)]],
    throughApi: false,
  },
  { name: "unprocessed", what: "30 % of the puts come back in UnprocessedItems", phases: [[table("unprocessed", 0.3)]], throughApi: false },
  {
    name: "sqs-5xx",
    what: "SQS answers 30 % of all calls with 5xx, then fails 30 % of the entries of its batches in a 200",
    phases: [[sqs("error_5xx", 0.3)], [sqs("partial", 0.3, BATCHES)], [sqs("error_5xx", 0.15), sqs("partial", 0.15, BATCHES)]],
    throughApi: true,
  },
  {
    name: "lost-answers",
    what: "the answers of 20 % of the calls to SQS and DynamoDB are lost after the act",
    phases: [[sqs("lost_answer", 0.2), table("lost_answer", 0.2)]],
    throughApi: true,
  },
  {
    name: "resets",
    what: "20 % of the connections to SQS and DynamoDB are reset, 2 % of the calls hang",
    phases: [[sqs("reset", 0.2), table("reset", 0.2), sqs("hang", 0.02), table("hang", 0.02)]],
    throughApi: true,
  },
];

function runStorm({ name, phases, throughApi }: Storm, options: ScenarioOptions): Promise<RunReport> {
  const phaseMs = options.quick ? 8_000 : 30_000;
  return withHarness(options, { name }, async (harness) => {
    const producer = throughApi ? await harness.startApi() : harness.direct;
    await Promise.all(Array.from({ length: WORKERS }, () => harness.fleet.ready()));
    const end = harness.pour(() => PER_SECOND, { producer, lanes: throughApi ? 4 : 1 });
    await sleep(1_000);
    for (const [at, rules] of phases.entries()) {
      harness.tell(`storm ${at + 1} of ${phases.length}, for ${phaseMs / 1000} s`);
      harness.setFaults(rules);
      await sleep(phaseMs);
    }
    harness.setFaults([]);
    await end();
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    await harness.fleet.stop();
    const faults = Object.values(harness.faultCounts()).reduce((sum, one) => sum + one, 0);
    return await harness.judge({ drainSeconds, extra: { faults }, broken: faults === 0 ? ["no fault came about"] : [] });
  });
}

export const STORM_SCENARIOS: readonly Scenario[] = STORMS.map((storm) => ({
  name: storm.name,
  what: storm.what,
  run: async (options) => [await runStorm(storm, options)],
}));
