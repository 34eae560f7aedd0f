import type { RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/** Rounding of times that come from floating point arithmetic, ms. */
const TOLERANCE_MS = 0.01;
/** How far over what was granted a process may be: what a lease under-estimated goes into the next one. */
const OWED_ITEMS = 1;

/**
 * The drain row grants no more than the dial says, over any time; and no process stores more than it was granted.
 * The factor and the guard only lower the dial, so the dial is the bound; a change of it starts the sum afresh.
 */
export function checkRate({ entries }: RunLog): Violation[] {
  const violations: Violation[] = [];
  let dial = Number.POSITIVE_INFINITY;
  let tatMs = Number.NEGATIVE_INFINITY;
  const granted = new Map<string, number>();
  const stored = new Map<string, number>();
  /** Processes that were on their own for a while: what they granted themselves is not the row's. */
  const alone = new Set<string>();
  let largest = 0;
  for (const entry of entries) {
    const { step } = entry;
    if (entry.fact === "dial") {
      dial = entry.rateWcuPerSecond;
      tatMs = Number.NEGATIVE_INFINITY;
    } else if (entry.fact === "postgres" && entry.event.act === "lease_granted") {
      const { startMs, costWriteUnits } = entry.event;
      if (startMs < tatMs - TOLERANCE_MS) {
        violations.push({ promise: "rate", step, what: `a lease of ${costWriteUnits} WCU starts ${(tatMs - startMs).toFixed(1)} ms before the rate of ${dial} WCU/s allows` });
      }
      tatMs = Math.max(tatMs, startMs) + (costWriteUnits / dial) * 1000;
      granted.set(entry.worker, (granted.get(entry.worker) ?? 0) + costWriteUnits);
    } else if (entry.fact === "worker" && (entry.event.event === "drain_unreachable" || entry.event.event === "drain_reachable")) {
      alone.add(entry.worker);
    } else if (entry.fact === "written") {
      const { writeUnits } = entry;
      largest = Math.max(largest, writeUnits);
      const sum = (stored.get(entry.worker) ?? 0) + writeUnits;
      stored.set(entry.worker, sum);
      const allowed = (granted.get(entry.worker) ?? 0) + OWED_ITEMS * largest;
      if (!alone.has(entry.worker) && sum > allowed + TOLERANCE_MS) {
        violations.push({ promise: "rate", step, what: `${entry.worker} has written ${sum} WCU and was granted ${granted.get(entry.worker) ?? 0}` });
      }
    }
  }
  return violations;
}
