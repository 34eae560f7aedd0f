import type { FaultRule } from "#infra/chaos/faults.ts";
import type { Harness, RunReport } from "#infra/chaos/harness.ts";
import { KILL_MOMENTS } from "#infra/chaos/killed-api.ts";
import type { Outgoing, Producer } from "#infra/chaos/producers.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const ACTIVITIES = 100_000;
const QUICK_ACTIVITIES = 6_000;
const LANES = 48;
const USERS = 300;
const WORKERS = 2;
/** Out of the way: what is looked at is the other end of the queue. */
const TABLE_WCU = 8_000;
const RATE_WCU = 6_000;
const VISIBILITY_SECONDS = 30;
/** The longest part of a run: a backlog of all that was sent. */
const DRAIN_SECONDS = 300;
const MOST_PER_REQUEST = 20;
/** Of requests whose activities are all of one user, as those of one browser are. */
const ONE_USER_SHARE = 0.5;
const KILLS = 4;
const QUICK_KILLS = 1;
/** The last kill of a phase comes when less than this share has its answer: enough is still to be sent. */
const KILLS_WITHIN = 0.6;
/** Share of the activities that the public API must refuse, beside good ones of the same requests and users. */
const REFUSED_SHARE = 0.02;

const sends = (kind: FaultRule["kind"], rate: number): FaultRule => ({ service: "sqs", kind, rate, operations: ["SendMessageBatch"] });

export const MIXED_FAULTS: readonly FaultRule[] = [sends("error_5xx", 0.1), sends("lost_answer", 0.1), sends("reset", 0.1), sends("hang", 0.005), sends("partial", 0.1)];

/** What meets the calls that send; with each of them the process is killed, too. */
const FIRES: readonly { name: string; rules: readonly FaultRule[] }[] = [
  { name: "kills alone", rules: [] },
  { name: "5xx", rules: [sends("error_5xx", 0.3)] },
  { name: "partial", rules: [sends("partial", 0.3)] },
  { name: "lost answers", rules: [sends("lost_answer", 0.3)] },
  // Six times in a row now and then: only then is something unknown in the end.
  { name: "most answers lost", rules: [sends("lost_answer", 0.7)] },
  { name: "resets", rules: [sends("reset", 0.3)] },
  { name: "all together", rules: MIXED_FAULTS },
];

interface Pour {
  harness: Harness;
  producer: Producer;
  activities: number;
  /** Goes on beyond these until then. */
  enough: () => boolean;
  /** Told how many have their answer. */
  onAnswered: (answered: number) => void;
  /** Takes in the ids of those that the public API must refuse. */
  wrong: Set<string>;
}

/** Sends at least so many activities in requests of all sizes, as fast as they are answered. */
async function pourAll({ harness, producer, activities, enough, onAnswered, wrong }: Pour): Promise<void> {
  const { random, traffic } = harness;
  let left = activities;
  let answered = 0;
  const next = (more: { userId?: string } = {}): Outgoing => {
    const one = traffic.next(more);
    if (random() >= REFUSED_SHARE) return one;
    wrong.add(one.activity.id);
    return { ...one, activity: { ...one.activity, type: "NO TYPE" } };
  };
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      while (left > 0 || !enough()) {
        const size = Math.min(left > 0 ? left : MOST_PER_REQUEST, 1 + Math.floor(random() * MOST_PER_REQUEST));
        left -= size;
        const first = next();
        const more = random() < ONE_USER_SHARE ? { userId: first.activity.userId } : {};
        await producer.send([first, ...Array.from({ length: size - 1 }, () => next(more))]);
        answered += size;
        onAnswered(answered);
      }
    }),
  );
}

/** A count that can be waited for. @param over ends every wait. */
function createProgress(over: AbortSignal) {
  let now = 0;
  const waiting = new Map<() => void, number>();
  over.addEventListener("abort", () => {
    for (const go of waiting.keys()) go();
  });
  return {
    reach: (count: number): void => {
      now = count;
      for (const [go, due] of waiting) if (now >= due) go();
    },
    reached: (due: number): Promise<void> =>
      new Promise((go) => {
        if (now >= due || over.aborted) go();
        else waiting.set(go, due);
      }),
  };
}

/** Sends so many activities through one fire after the other, on a harness of its own, and judges the run. */
export function ingestUnderFire(options: ScenarioOptions, { name, activities, kills, fires }: { name: string; activities: number; kills: number; fires: readonly (readonly FaultRule[])[] }): Promise<RunReport> {
  return withHarness(options, { name, visibilitySeconds: VISIBILITY_SECONDS, tableWriteUnits: TABLE_WCU, rateWcuPerSecond: RATE_WCU, users: USERS }, async (harness) => {
    const { fleet } = harness;
    const { apis, producer } = await harness.startKilledApis();
    const apiKills = () => apis.reduce((sum, api) => sum + api.kills(), 0);
    await Promise.all(Array.from({ length: WORKERS }, () => fleet.ready()));
    const wrong = new Set<string>();
    const startedMs = performance.now();
    for (const [at, rules] of fires.entries()) {
      harness.tell(`fire ${at + 1} of ${fires.length}: ${[`${kills} kills`, ...rules.map(({ kind, rate }) => `${kind} ${rate * 100} %`)].join(", ")}`);
      harness.setFaults(rules);
      const over = new AbortController();
      const total = Math.ceil(activities / fires.length);
      const progress = createProgress(over.signal);
      let killing = true;
      const poured = pourAll({ harness, producer, activities: total, enough: () => !killing, onAnswered: progress.reach, wrong }).finally(() => over.abort());
      try {
        for (let kill = 1; kill <= kills; kill += 1) {
          await progress.reached((total * KILLS_WITHIN * kill) / (kills + 1));
          await apis[(at + kill) % apis.length]?.kill(KILL_MOMENTS[(at + kill) % KILL_MOMENTS.length] ?? "now", over.signal);
        }
      } finally {
        killing = false;
      }
      await poured;
    }
    const sendSeconds = Math.round((performance.now() - startedMs) / 1000);
    harness.setFaults([]);
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    await fleet.stop();
    const faults = Object.values(harness.faultCounts()).reduce((sum, one) => sum + one, 0);
    const planned = kills * fires.length;
    const unanswered = harness.sends.filter(({ outcome }) => outcome === "unknown").length;
    const misjudged = harness.sends.filter(({ id, outcome }) => outcome !== "unknown" && (outcome === "refused") !== wrong.has(id)).length;
    return await harness.judge({
      drainSeconds,
      extra: { apiKills: apiKills(), faults, sendSeconds, outOfOrderVerdicts: harness.sends.filter(({ outOfOrder }) => outOfOrder).length },
      broken: [
        ...(faults === 0 && fires.some((rules) => rules.length > 0) ? ["no fault came about"] : []),
        ...(apiKills() < planned ? [`the public API was killed ${apiKills()} times, and was to be ${planned} times`] : []),
        ...(wrong.size === 0 ? ["no activity was to be refused"] : []),
        ...(unanswered > 0 ? [`unanswered: ${unanswered} activities were neither accepted nor refused in the end`] : []),
        ...(misjudged > 0 ? [`misjudged: ${misjudged} activities were refused though good, or accepted though not`] : []),
      ],
    });
  });
}

/** A short run goes through all fires; else each has a run of its own, so that none is hidden by what the last has left. */
async function run(options: ScenarioOptions): Promise<RunReport[]> {
  if (options.quick) return [await ingestUnderFire(options, { name: "ingest", activities: QUICK_ACTIVITIES, kills: QUICK_KILLS, fires: FIRES.map(({ rules }) => rules) })];
  const reports: RunReport[] = [];
  for (const { name, rules } of FIRES) {
    if (!name.includes(options.only)) continue;
    reports.push(await ingestUnderFire(options, { name: `ingest, ${name}`, activities: ACTIVITIES / FIRES.length, kills: KILLS, fires: [rules] }));
  }
  return reports;
}

export const ingest: Scenario = {
  name: "ingest",
  what: "two public API processes are killed mid-request while SQS answers with 5xx, takes parts of batches, loses answers and resets; producers send again, to either, until they have an answer",
  run,
};
