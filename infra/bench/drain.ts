import { setTimeout as sleep } from "node:timers/promises";
import { worstSecondOfGrants } from "./drain-figures.ts";
import { type Fleet, startFleet } from "./drain-fleet.ts";
import { type Bench, type BenchResult, rounded } from "./result.ts";

/** A set rate and the table it is run against: enough for the rate under the guard, and hardly more. */
const RATES = [
  { rate: 150, tableWriteUnits: 200 },
  { rate: 1_000, tableWriteUnits: 1_300 },
];
const FLEETS = [1, 4, 8];
const CAPACITY_SHARE = 0.9;
const DIAL_OVER_TABLE = 1_000;
/** Seconds left out after a start or a change of the dial. */
const RAMP_SECONDS = 3;
const PAUSED_SECONDS = 5;
/** From here on after a pause no write may start. */
const PAUSE_OBEYED_MS = 2_000;
const SLOW = { rate: 1, seconds: 20 };
const LARGE = { rate: 10, units: 64, seconds: 45 };
const MIXED = { rate: 150, workers: 4, unitsOf: (number: number) => [1, 1, 2, 1, 5, 1, 16, 3][number % 8] ?? 1, mean: 3.75 };

type Log = (line: string) => void;
type Part = (options: { seconds: number; fleets: readonly number[]; log: Log }) => Promise<BenchResult>;

const worst = (values: readonly number[]) => Math.max(0, ...values);
const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);

/** Runs a part against a fleet of its own. */
async function withFleet<T>(tableWriteUnits: number, log: Log, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  const fleet = await startFleet({ tableWriteUnits, log });
  try {
    return await work(fleet);
  } finally {
    await fleet.close();
  }
}

/** One set rate: fleets of several sizes, one more joining and one being killed in each; changes; a pause. */
async function atRate({ rate, tableWriteUnits }: (typeof RATES)[number], { seconds, fleets, log }: { seconds: number; fleets: readonly number[]; log: Log }) {
  return withFleet(tableWriteUnits, log, async (fleet) => {
    const runs: Record<string, unknown>[] = [];
    await fleet.setDial(rate);
    // What a killed worker held is hidden for half a minute, so there must be more.
    await fleet.fill(Math.ceil((fleets.length * (seconds + RAMP_SECONDS + 12) + 10) * rate));
    for (const workers of fleets) {
      await fleet.scaleTo(workers);
      await sleep(RAMP_SECONDS * 1000);
      log(`${rate} WCU/s, ${workers} worker(s): ${seconds} s`);
      const { grants, ...counted } = await fleet.measure(seconds, async (elapse) => {
        await elapse(Math.floor(seconds / 3));
        await fleet.add();
        await elapse(Math.floor((2 * seconds) / 3));
        await fleet.killOne();
      });
      const changes: number[] = [];
      for (const change of [rate / 2, rate]) {
        await fleet.setDial(change);
        changes.push(await fleet.obeyedAfterSeconds());
      }
      runs.push({
        name: "rate", rate, workers, seconds, ...counted,
        achievedRatio: rounded(counted.mean / rate),
        worstSecondRatio: rounded(counted.worst / rate),
        worstGrantRatio: rounded(worstSecondOfGrants(grants) / rate),
        changeSeconds: rounded(worst(changes)),
      });
    }
    const pausedAtMs = await fleet.pause();
    const pauseSeconds = await fleet.obeyedAfterSeconds();
    await sleep(PAUSED_SECONDS * 1000);
    const writesAfterPause = fleet.writesAfter(pausedAtMs + PAUSE_OBEYED_MS);
    await fleet.resume();
    await sleep(RAMP_SECONDS * 1000);
    const after = await fleet.measure(3);
    runs.push({ name: "pause", rate, writesAfterPause, pauseSeconds: rounded(pauseSeconds), resumedRatio: rounded(after.mean / rate) });
    return runs;
  });
}

const rates: Part = async (options) => {
  const runs: Record<string, unknown>[] = [];
  for (const one of RATES) runs.push(...(await atRate(one, options)));
  const figure = (name: string, of = "rate") => runs.flatMap((run) => (run.name === of ? [Number(run[name])] : []));
  return {
    figures: {
      achievedRatio: Math.min(...figure("achievedRatio")),
      worstSecondRatio: worst(figure("worstSecondRatio")),
      worstGrantRatio: worst(figure("worstGrantRatio")),
      throttles: sum(figure("throttles")),
      changeSeconds: worst(figure("changeSeconds")),
      pauseSeconds: worst(figure("pauseSeconds", "pause")),
      writesAfterPause: sum(figure("writesAfterPause", "pause")),
      resumedRatio: Math.min(...figure("resumedRatio", "pause")),
    },
    runs,
  };
};

/** A dial of five times the table: the guard holds it to its share. */
const guard: Part = ({ seconds, log }) =>
  withFleet(200, log, async (fleet) => {
    const target = CAPACITY_SHARE * 200;
    await fleet.setDial(DIAL_OVER_TABLE);
    await fleet.fill((seconds + RAMP_SECONDS + 10) * 200);
    await fleet.scaleTo(1);
    await sleep(RAMP_SECONDS * 1000);
    log(`guard: ${seconds} s at a dial of ${DIAL_OVER_TABLE} WCU/s over a table of 200`);
    const { grants: _, ...counted } = await fleet.measure(seconds);
    return { figures: { guardRatio: rounded(counted.mean / target), guardThrottles: counted.throttles }, runs: [{ name: "guard", target, ...counted }] };
  });

/** 1 WCU/s, and items that cost more than six seconds of their rate: late, but not stuck. */
const slow: Part = async ({ log }) => {
  const one = async ({ rate, seconds, units }: { rate: number; seconds: number; units: number }) =>
    withFleet(200, log, async (fleet) => {
      await fleet.setDial(rate);
      await fleet.fill(Math.ceil((3 * rate * seconds) / units) + 10, () => units);
      await fleet.scaleTo(1);
      log(`${rate} WCU/s with items of ${units}: ${seconds} s`);
      const { grants: _, ...counted } = await fleet.measure(seconds);
      return { name: `${rate} WCU/s, items of ${units}`, stored: Math.round((counted.mean * seconds) / units), ratio: rounded(counted.mean / rate), ...counted };
    });
  const small = await one({ ...SLOW, units: 1 });
  const large = await one(LARGE);
  return { figures: { slowRatio: small.ratio, largeItemsStored: large.stored, largeRatio: large.ratio }, runs: [small, large] };
};

const mixed: Part = ({ seconds, log }) =>
  withFleet(200, log, async (fleet) => {
    const { rate, workers, unitsOf, mean } = MIXED;
    await fleet.setDial(rate);
    await fleet.fill(Math.ceil(((seconds + RAMP_SECONDS + 15) * rate) / mean), unitsOf);
    await fleet.scaleTo(workers);
    await sleep(RAMP_SECONDS * 1000);
    log(`mixed sizes: ${seconds} s at ${rate} WCU/s, ${workers} workers`);
    const { grants: _, ...counted } = await fleet.measure(seconds);
    return {
      figures: { mixedRatio: rounded(counted.mean / rate), mixedWorstSecondRatio: rounded(counted.worst / rate), mixedThrottles: counted.throttles },
      runs: [{ name: "mixed", rate, workers, ...counted }],
    };
  });

const PARTS: Record<string, Part> = { rates, guard, slow, mixed };

/**
 * Whether the rate is kept by real worker processes, as counted by the table's front and by the leases that were
 * granted. Parts: rates (the set rates, with joins, kills, changes and a pause), guard, slow, mixed.
 */
export const bench: Bench = async ({ seconds = 15, workers, only = Object.keys(PARTS), log }) => {
  const unknown = only.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`No such part: ${unknown.join(", ")}. There are ${Object.keys(PARTS).join(", ")}.`);
  const result: BenchResult = { figures: {}, runs: [] };
  for (const name of only) {
    const part = await PARTS[name]?.({ seconds, fleets: workers === undefined ? FLEETS : [workers], log });
    if (!part) continue;
    Object.assign(result.figures, part.figures);
    result.runs.push(...part.runs);
  }
  return result;
};
