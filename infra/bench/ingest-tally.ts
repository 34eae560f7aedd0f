import { percentile } from "#infra/spike/percentiles.ts";
import type { Measured, Stopped } from "./ingest-protocol.ts";

/** What one request came to. */
export interface Came {
  outcome: "accepted" | "refused" | "failed";
  /** Activities that were accepted. */
  accepted: number;
  /** From before it was written until all of its answer was there. */
  latencyMs: number;
}

function percentilesOf(latenciesMs: readonly number[]): { p50: number; p99: number } {
  const sorted = Float64Array.from(latenciesMs).sort();
  return { p50: percentile(sorted, 0.5) ?? 0, p99: percentile(sorted, 0.99) ?? 0 };
}

/** Counts what requests came to, over all and since the last `reset`. */
export function createTally(now: () => number = () => performance.now()) {
  const total: Stopped = { accepted: 0, failed: 0 };
  let sinceMs = now();
  let counts = { requests: 0, accepted: 0, refused: 0, failed: 0 };
  let acceptedMs: number[] = [];
  let refusedMs: number[] = [];
  return {
    total,
    note({ outcome, accepted, latencyMs }: Came): void {
      counts.requests += 1;
      counts.accepted += accepted;
      total.accepted += accepted;
      if (outcome === "accepted") acceptedMs.push(latencyMs);
      else if (outcome === "refused") {
        counts.refused += 1;
        refusedMs.push(latencyMs);
      } else {
        counts.failed += 1;
        total.failed += 1;
      }
    },
    reset(): void {
      sinceMs = now();
      counts = { requests: 0, accepted: 0, refused: 0, failed: 0 };
      acceptedMs = [];
      refusedMs = [];
    },
    measured(): Omit<Measured, "cpuMs"> {
      const seconds = (now() - sinceMs) / 1000;
      const accepted = percentilesOf(acceptedMs);
      const refused = percentilesOf(refusedMs);
      return { seconds, ...counts, p50Ms: accepted.p50, p99Ms: accepted.p99, refusalP50Ms: refused.p50, refusalP99Ms: refused.p99 };
    },
  };
}
export type Tally = ReturnType<typeof createTally>;

/** What is wrong with a load, counted from its start to its stop; null = nothing. @param left messages that its queue holds, where that is looked at. */
export function faultOf({ accepted, failed, left = null }: Stopped & { left?: number | null }): string | null {
  if (failed > 0) return `${failed} requests were neither accepted nor refused with 429`;
  return left === null || left === accepted ? null : `${accepted} activities were accepted, and the queue holds ${left}`;
}
