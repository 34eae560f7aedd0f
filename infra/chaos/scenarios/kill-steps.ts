import { setTimeout as sleep } from "node:timers/promises";
import { allowScript } from "#lib/auth/scripts.ts";
import { redrive } from "#lib/services/dead-letters/redrive.ts";
import { createRedriveRuns } from "#lib/gateways/redrive-runs.ts";
import type { FaultRule } from "#infra/chaos/faults.ts";
import type { Harness, RunReport } from "#infra/chaos/harness.ts";
import type { Outgoing } from "#infra/chaos/producers.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const KILLS = 25;
const QUICK_KILLS = 2;
/** Workers that are killed, side by side; one more is left alone and takes over. */
const ARMED = 2;
/** Steps that are killed side by side, each on a stack of its own: while one drains, another is killed. */
const LANES = 2;
const PER_SECOND = 60;
const DRAIN_SECONDS = 90;
const KILLS_DEADLINE_SECONDS_EACH = 20;

interface Step {
  event: string;
  /** What has to stand in the way for this step to be taken. */
  faults?: readonly FaultRule[];
  traffic?: "poison" | "redrive";
  /** The step is part of a stop: SIGTERM brings it about. */
  stop?: boolean;
  attempts?: number;
  rateWcuPerSecond?: number;
  /** The worker that is left alone comes last: it would take all there is, and no other would take the step. */
  successorLast?: boolean;
  /** What is stored is pushed to a receiver. */
  webhook?: boolean;
}

const table = (kind: FaultRule["kind"], rate: number): FaultRule[] => [{ service: "dynamodb", kind, rate, operations: ["BatchWriteItem", "PutItem"] }];
const queue = (kind: FaultRule["kind"], rate: number, operation: string): FaultRule[] => [{ service: "sqs", kind, rate, operations: [operation] }];
/** Attempts no bystander uses up, however often the harness kills the worker that handles it alone. */
const MANY = 100;

/** The named steps of the worker's events (worker/events.ts), and how to bring each about. */
export const STEPS: readonly Step[] = [
  { event: "ready" },
  { event: "received" },
  { event: "redelivered" },
  { event: "lease_granted" },
  { event: "lease_refused", rateWcuPerSecond: 40 },
  { event: "storing" },
  { event: "stored" },
  { event: "acked" },
  { event: "unprocessed", faults: table("unprocessed", 0.3) },
  { event: "throttled", faults: table("throttle", 0.3) },
  { event: "extended", faults: table("throttle", 1), successorLast: true },
  { event: "table_unavailable", faults: table("error_5xx", 0.3) },
  { event: "store_unknown", faults: table("hang", 0.1) },
  { event: "left", faults: table("hang", 0.1) },
  { event: "receive_failed", faults: queue("error_5xx", 0.3, "ReceiveMessage") },
  { event: "ack_failed", faults: queue("partial", 0.3, "DeleteMessageBatch") },
  { event: "visibility_failed", traffic: "poison", attempts: 3, faults: queue("error_5xx", 0.8, "ChangeMessageVisibilityBatch") },
  { event: "attempt_failed", traffic: "poison", attempts: 3 },
  { event: "nacked", traffic: "poison", attempts: 3 },
  { event: "death.decided", traffic: "poison", attempts: 3 },
  { event: "death.sent", traffic: "poison", attempts: 3 },
  { event: "died", traffic: "poison", attempts: 3 },
  { event: "push_claimed", webhook: true },
  { event: "push_accepted", webhook: true },
  { event: "pushed", webhook: true },
  { event: "redrive_resolved", traffic: "redrive", successorLast: true },
  { event: "stopping", stop: true },
  { event: "released", stop: true, rateWcuPerSecond: 40 },
];

const malformed = (id: string) => `{"v":1,"broken":"${id}"`;
const POISON_USERS = 20;
const poisonUser = (number: number) => `chaos poison ${number % POISON_USERS}`;
const allPoisonUsers = Array.from({ length: POISON_USERS }, (_, number) => poisonUser(number));

/** Every tenth is poison: malformed for any user, or healthy in itself and refused by the table. */
function poisoned({ traffic }: Harness): () => Outgoing {
  let count = 0;
  return () => {
    count += 1;
    if (count % 20 === 10) return traffic.next({ kind: "malformed", body: malformed });
    if (count % 20 === 0) return traffic.next({ kind: "rejected", userId: poisonUser(count / 20) });
    return traffic.next();
  };
}

/** Lets activities die, mends the table, and redrives them: what is stored then resolves a death. */
async function redriven(harness: Harness, count: number): Promise<void> {
  const { traffic, direct, rejectUsers, fleet, db, stack } = harness;
  const users = Array.from({ length: count }, (_, number) => `chaos redriven ${number}`);
  await rejectUsers(users);
  for (let at = 0; at < count; at += 10) {
    await direct.send(users.slice(at, at + 10).map((userId) => traffic.next({ kind: "redriven", userId })));
  }
  // One failure is enough to die of; what kills happen to hit later must not be taken for what makes them happen.
  const worker = await fleet.ready(undefined, { attempts: 1 });
  if ((await harness.drained(60)) === null) throw new Error("what is to be redriven did not die");
  await worker.child.stop();
  await rejectUsers([]);
  const deaths = await db.death.findMany({ select: { id: true } });
  const runs = createRedriveRuns({ db, queue: stack.backend.queue });
  await redrive({ ctx: { runs }, by: allowScript("dead_letters:act", "chaos"), input: { runId: crypto.randomUUID(), deathIds: deaths.map(({ id }) => id), reason: "chaos" } });
}

/** Waits until every redriven death is resolved. */
async function resolved({ db }: Harness, deadlineSeconds: number): Promise<void> {
  const endMs = performance.now() + deadlineSeconds * 1000;
  while (performance.now() < endMs && (await db.death.count({ where: { status: "open" } })) > 0) await sleep(200);
}

/** Keeps an armed worker going until its step has killed often enough. */
async function keepKilling({ fleet, random }: Harness, { event, stop = false }: Step, enough: () => boolean): Promise<void> {
  while (!enough()) {
    const nth = event === "ready" || stop ? 1 : 1 + Math.floor(random() * 4);
    const worker = fleet.spawn({ event, signal: "SIGKILL", nth });
    if (stop) {
      await worker.child.event("ready", { deadlineMs: 60_000 }).catch(() => undefined);
      await sleep(300 + random() * 500);
      worker.signal("SIGTERM");
    }
    while (fleet.live().includes(worker) && !enough()) await Promise.race([worker.exited, sleep(200)]);
    // One that was asked to stop is on its way; a second signal would end it with all that it holds.
    if (fleet.live().includes(worker)) await (stop ? worker.exited : worker.child.stop());
  }
}

export function killAt(step: Step, { kills }: { kills: number }, options: ScenarioOptions): Promise<RunReport> {
  const { attempts = MANY, traffic, faults = [], rateWcuPerSecond = 300, webhook = false } = step;
  return withHarness(options, { name: `kill at ${step.event}`, attempts, rateWcuPerSecond, webhook }, async (harness) => {
    const { fleet, setFaults, setRate } = harness;
    if (traffic === "poison") await harness.rejectUsers(allPoisonUsers);
    if (traffic === "redrive") await redriven(harness, 4 * kills + 20);
    if (step.successorLast !== true) await fleet.ready();
    const end = harness.pour(() => PER_SECOND, { next: traffic === "poison" ? poisoned(harness) : () => harness.traffic.next() });
    setFaults(faults);
    const killed = () => fleet.stepKills[step.event] ?? 0;
    const deadlineMs = performance.now() + kills * KILLS_DEADLINE_SECONDS_EACH * 1000 + 30_000;
    const enough = () => killed() >= kills || performance.now() > deadlineMs;
    const armed = Array.from({ length: ARMED }, () => step);
    // What is redelivered was held by a worker that died: without others that die, what there is soon belongs to the
    // worker that is left alone.
    if (step.event === "redelivered") armed.push({ event: "received" });
    await Promise.all(armed.map((one) => keepKilling(harness, one, enough)));
    setFaults([]);
    if (step.successorLast === true) await fleet.ready();
    await end();
    await setRate(300);
    await harness.db.$executeRaw`UPDATE drain SET factor = 1`;
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    if (traffic === "redrive") await resolved(harness, 60);
    await fleet.stop();
    const broken = killed() < kills ? [`only ${killed()} of ${kills} kills came about`] : [];
    const judgeRedo = faults.length === 0 && traffic === undefined && !webhook && rateWcuPerSecond >= 300;
    return await harness.judge({ drainSeconds, judgeRedo, extra: { stepKills: killed() }, broken });
  });
}

export const killSteps: Scenario = {
  name: "kill-steps",
  what: "kill -9 at each named step of the worker",
  async run(options) {
    const steps = STEPS.filter(({ event }) => event.includes(options.only));
    const left = [...steps];
    const reports: RunReport[] = [];
    const lane = async () => {
      for (let step = left.shift(); step !== undefined; step = left.shift()) {
        reports.push(await killAt(step, { kills: options.quick ? QUICK_KILLS : KILLS }, options));
        options.tell(`${reports.length} of ${steps.length} steps done`);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return reports;
  },
};
