import type { Drain } from "#lib/contracts/drain.ts";
import { cutFactor, effectiveRate, FACTOR_CUT_INTERVAL_MS, leaseStep, recoveredFactor, rescaleTat } from "#lib/domain/drain-rate.ts";
import { DEFAULT_RATE_WCU_PER_SECOND, DrainNotFound, type DrainStore } from "#lib/gateways/drain-store.ts";
import type { PostgresState } from "./state.ts";

/** Shortest wait that a refusal names, as the real one. */
const MIN_RETRY_MS = 2;

/** The drain row by the arithmetic of lib/domain. */
export function createFakeDrain(
  state: Pick<PostgresState, "now" | "onEvent">,
  queue = "activities.fifo",
): Pick<DrainStore, "ensure" | "read" | "lease" | "change" | "setProvisioned" | "throttled"> {
  const { now } = state;
  let row: (Pick<Drain, "rateWcuPerSecond" | "capacityShare" | "provisionedWcu" | "version" | "changedBy" | "reason"> & {
    factor: number;
    factorAtMs: number;
    tatMs: number;
    changedAtMs: number;
  }) | null = null;

  function found() {
    if (!row) throw new DrainNotFound(queue);
    return row;
  }
  const factor = () => recoveredFactor(found().factor, now() - found().factorAtMs);
  const effective = () => effectiveRate({ ...found(), factor: factor() });

  function toDrain(): Drain {
    const { changedAtMs, factorAtMs: _, tatMs: __, ...rest } = found();
    const changedAt = new Date(changedAtMs).toISOString();
    return {
      ...rest,
      queue,
      askedWcuPerSecond: rest.rateWcuPerSecond,
      effectiveWcuPerSecond: effective(),
      factor: factor(),
      ceilingWcu: null,
      mode: "manual",
      modeBeforePause: null,
      computedWcuPerSecond: null,
      computedAt: null,
      goal: null,
      override: null,
      versionAt: changedAt,
      changedAt,
    };
  }

  /** Changes what the rate comes from; what is leased ahead is measured anew. */
  function rescale(change: () => void): void {
    const before = found();
    const fromRate = effective();
    change();
    before.tatMs = rescaleTat({ tatMs: before.tatMs, nowMs: now(), fromRate, toRate: effective() });
  }

  return {
    async ensure() {
      row ??= {
        rateWcuPerSecond: DEFAULT_RATE_WCU_PER_SECOND,
        capacityShare: 0.9,
        provisionedWcu: null,
        version: 1,
        changedBy: "system",
        reason: null,
        factor: 1,
        factorAtMs: now(),
        tatMs: now(),
        changedAtMs: now(),
      };
    },
    async read() {
      return toDrain();
    },
    async lease({ costWriteUnits, leadMs }) {
      const before = found();
      const rateWcuPerSecond = effective();
      const step = leaseStep({ tatMs: before.tatMs, nowMs: now(), costWriteUnits: Math.max(0, costWriteUnits), rateWcuPerSecond, leadMs });
      const common = { effectiveWcuPerSecond: rateWcuPerSecond, version: before.version };
      if (!step.granted) return { granted: false, retryInMs: Math.max(MIN_RETRY_MS, step.retryInMs), ...common };
      before.tatMs = step.tatMs;
      state.onEvent({ act: "lease_granted", startMs: step.startMs, costWriteUnits: Math.max(0, costWriteUnits), rateWcuPerSecond });
      return { granted: true, startInMs: step.startMs - now(), ...common };
    },
    async change({ rateWcuPerSecond, expectedVersion, actor, reason }) {
      const before = found();
      if (before.version !== expectedVersion) return { outcome: "conflict", drain: toDrain() };
      rescale(() => {
        before.rateWcuPerSecond = rateWcuPerSecond;
        before.version += 1;
        before.changedBy = actor;
        before.reason = reason ?? null;
        before.changedAtMs = now();
      });
      return { outcome: "changed", drain: toDrain() };
    },
    async setProvisioned({ writeUnits }) {
      rescale(() => {
        found().provisionedWcu = writeUnits;
      });
    },
    async throttled() {
      const before = found();
      if (before.factorAtMs > now() - FACTOR_CUT_INTERVAL_MS) return false;
      before.factor = cutFactor(factor());
      before.factorAtMs = now();
      return true;
    },
  };
}
