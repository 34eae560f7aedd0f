import type { Fate } from "./answers.ts";
import { type LatencySummary, summarise } from "./percentiles.ts";

/** Unparseable lines and refusals that are shown one by one; the rest is counted. */
const SHOWN = 20;

export interface SpikeSummary {
  accepted: number;
  outOfOrder: number;
  refused: number;
  unknown: number;
  notSent: number;
  unparseable: number;
  requests: number;
  retries: number;
  users: number;
  refusals: { reason: string; count: number; first: string }[];
  unknowns: { reason: string; count: number; first: string }[];
  unparseableLines: { origin: string; reason: string }[];
  latency: LatencySummary | null;
}

/** Keeps count of a run. */
export function createTally() {
  const users = new Set<string>();
  const latenciesMs: number[] = [];
  const unparseableLines: { origin: string; reason: string }[] = [];
  const refusals = new Map<string, { count: number; first: string }>();
  const unknowns = new Map<string, { count: number; first: string }>();
  const counts = { accepted: 0, outOfOrder: 0, refused: 0, unknown: 0, notSent: 0, unparseable: 0, requests: 0, retries: 0 };

  function note(reasons: typeof refusals, reason: string, origin: string): void {
    const known = reasons.get(reason);
    if (known) known.count += 1;
    else reasons.set(reason, { count: 1, first: origin });
  }
  const list = (reasons: typeof refusals) => [...reasons].map(([reason, { count, first }]) => ({ reason, count, first })).sort((a, b) => b.count - a.count);

  return {
    request(latencyMs: number): void {
      counts.requests += 1;
      latenciesMs.push(latencyMs);
    },
    retry(): void {
      counts.retries += 1;
    },
    unparseable(origin: string, reason: string): void {
      counts.unparseable += 1;
      if (unparseableLines.length < SHOWN) unparseableLines.push({ origin, reason });
    },
    /** The last word on one activity. */
    settle(userId: string, origin: string, fate: Fate): void {
      users.add(userId);
      if (fate.kind === "accepted") {
        counts.accepted += 1;
        if (fate.outOfOrder) counts.outOfOrder += 1;
      } else if (fate.kind === "refused") {
        counts.refused += 1;
        note(refusals, fate.reason, origin);
      } else {
        counts[fate.as === "unknown" ? "unknown" : "notSent"] += 1;
        note(unknowns, fate.reason, origin);
      }
    },
    counts: () => ({ ...counts }),
    summary: (): SpikeSummary => ({
      ...counts,
      users: users.size,
      refusals: list(refusals),
      unknowns: list(unknowns),
      unparseableLines,
      latency: summarise(latenciesMs),
    }),
  };
}
export type Tally = ReturnType<typeof createTally>;
