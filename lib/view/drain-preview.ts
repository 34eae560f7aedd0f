import type { Drain } from "#lib/contracts/drain.ts";
import { DRAIN_RATE_LIMITS } from "#lib/contracts/drain.ts";
import type { DrainEta, Overview, OverviewWorker } from "#lib/contracts/overview.ts";
import { drainEta } from "#lib/domain/drain-eta.ts";
import { effectiveRate, guardWcu } from "#lib/domain/drain-rate.ts";
import { count, rate } from "./numbers.ts";

export interface DrainPreview {
  /** Why it cannot be applied, or null. */
  fault: string | null;
  /** What workers would obey, WCU/s; null with a fault. */
  effectiveWcuPerSecond: number | null;
  activitiesPerSecond: number | null;
  /** The cost of an activity is not measured yet and is taken as 1 WCU. */
  costAssumed: boolean;
  eta: DrainEta | null;
  /** What the operator should know before applying, or null. */
  warning: string | null;
}

/** The most that draining may use of the table, WCU/s; null where the table has no known ceiling. */
export function guardOf(drain: Drain, described: number | null): number | null {
  return guardWcu({ ...drain, provisionedWcu: described ?? drain.provisionedWcu });
}

function faultOf(value: number | null): string | null {
  const { min, max } = DRAIN_RATE_LIMITS;
  if (value === null || !Number.isFinite(value)) return "Give a number of write units per second.";
  if (value < min) return `At least ${min} WCU/s.`;
  return value > max ? `At most ${count(max)} WCU/s.` : null;
}

/** What a rate would do, before it is applied. */
export function prepareDrainPreview({ overview, drain, rateWcuPerSecond }: { overview: Overview; drain: Drain; rateWcuPerSecond: number | null }): DrainPreview {
  const fault = faultOf(rateWcuPerSecond);
  if (fault !== null || rateWcuPerSecond === null) {
    return { fault, effectiveWcuPerSecond: null, activitiesPerSecond: null, costAssumed: false, eta: null, warning: null };
  }
  const { figures, writeUnitsPerActivity } = overview;
  const described = figures.provisionedWriteUnits.state === "error" ? null : figures.provisionedWriteUnits.value;
  const provisionedWcu = described ?? drain.provisionedWcu;
  const guard = guardOf(drain, described);
  const effective = effectiveRate({ ...drain, provisionedWcu, rateWcuPerSecond });
  const cost = writeUnitsPerActivity ?? 1;
  // An old depth or arrival gives no time at which it clears.
  const backlog = figures.waiting.state === "ok" && figures.inFlight.state === "ok" ? figures.waiting.value + figures.inFlight.value : null;
  const idle = overview.workers.state === "ok" && !overview.workers.value.some(({ alive }) => alive);
  const eta = drainEta({
    backlog,
    arrivalPerSecond: figures.arrivalPerSecond.state === "ok" ? figures.arrivalPerSecond.value : null,
    drainPerSecond: idle ? 0 : effective / cost,
    writeUnitsPerActivity: cost,
    effectiveWcuPerSecond: effective,
    nowMs: Date.parse(overview.at),
  });
  return {
    fault: null,
    effectiveWcuPerSecond: effective,
    activitiesPerSecond: effective / cost,
    costAssumed: writeUnitsPerActivity === null,
    eta,
    warning: warningOf({ guard, drain, provisionedWcu, rateWcuPerSecond }),
  };
}

function warningOf({ guard, drain, provisionedWcu, rateWcuPerSecond }: { guard: number | null; drain: Drain; provisionedWcu: number | null; rateWcuPerSecond: number }): string | null {
  if (guard !== null && provisionedWcu !== null && rateWcuPerSecond > guard) {
    return `The guard holds it at ${rate(guard)}: ${Math.round(drain.capacityShare * 100)} % of ${drain.ceilingWcu === null || drain.ceilingWcu === provisionedWcu ? `the table's ${count(provisionedWcu)} WCU` : `the ${count(Math.round(drain.ceilingWcu))} WCU that the table and its indexes bear`}.`;
  }
  // No number: it changes while the table recovers, and each change would be read aloud.
  if (drain.factor < 0.995) return "The table throttled: workers hold back until it recovers.";
  return null;
}

export interface Acknowledgement {
  alive: number;
  acknowledged: number;
  /** From the change to the last live worker's acknowledgement; null while one is missing. */
  withinMs: number | null;
}

/** How far the workers have taken up the dial's present version. */
export function acknowledgement(drain: Drain, workers: readonly OverviewWorker[]): Acknowledgement {
  const alive = workers.filter((worker) => worker.alive && worker.state === "running");
  const acks = alive.flatMap(({ acknowledged }) => (acknowledged && acknowledged.version >= drain.version ? [acknowledged] : []));
  const complete = alive.length > 0 && acks.length === alive.length;
  const changedMs = Date.parse(drain.versionAt);
  // A worker that started after the change has nothing to say about how fast it was taken up.
  const times = alive.flatMap(({ startedAt, acknowledged }) => (acknowledged && Date.parse(startedAt) < changedMs ? [Date.parse(acknowledged.at)] : []));
  return {
    alive: alive.length,
    acknowledged: acks.length,
    withinMs: complete && times.length > 0 ? Math.max(0, Math.max(...times) - changedMs) : null,
  };
}

/** Right end of the slider, WCU/s: over the table's capacity, so that the guard can be seen, and over the present dial. */
export function dialScale({ drain, described }: { drain: Drain; described: number | null }): number {
  const provisioned = described ?? drain.provisionedWcu;
  const wanted = Math.max((provisioned ?? drain.rateWcuPerSecond) * 1.25, drain.rateWcuPerSecond, 10);
  const step = 10 ** Math.max(1, Math.floor(Math.log10(wanted)) - 1);
  return Math.ceil(wanted / step) * step;
}
