import { hitsOf, overtakes } from "./check.ts";
import type { Facts, PushFact } from "./facts.ts";

export interface PushFindings {
  /** Stored and acked, and never pushed. */
  unpushed: string[];
  /** Pushed before it was stored. */
  pushedEarly: string[];
  /** [earlier, later]: the later one was pushed first. */
  pushedOutOfOrder: [string, string][];
  /** Pushes beyond the first of each activity. */
  pushedAgain: number;
  /** Pushed again more often than kills hit a worker that held it: only a kill between push and mark allows it. */
  pushedTooOften: string[];
}

/** Judges what a sink took: each activity after its store, in order, once but for the kills of that one gap. */
export function checkPushes({ sends, wire, kills, visibilityMs, pushes }: Pick<Facts, "sends" | "wire" | "kills" | "visibilityMs"> & { pushes: readonly PushFact[] }): PushFindings {
  const hits = Map.groupBy(hitsOf({ wire, kills, visibilityMs }).filter(({ seen }) => seen), ({ id }) => id);
  const again = Array.from(Map.groupBy(pushes, ({ id }) => id)).filter(([, all]) => all.length > 1);
  const first = new Map<string, number>();
  for (const { id, n } of pushes) if (!first.has(id)) first.set(id, n);
  const stored = new Map<string, number>();
  const acked = new Set<string>();
  for (const fact of wire) {
    if (fact.what === "stored") for (const id of fact.ids) if (!stored.has(id)) stored.set(id, fact.n);
    if (fact.what === "acked") acked.add(fact.id);
  }
  return {
    unpushed: sends.flatMap(({ id, kind }) => (kind === "healthy" && acked.has(id) && !first.has(id) ? [id] : [])),
    pushedEarly: Array.from(first).flatMap(([id, n]) => ((stored.get(id) ?? Infinity) > n ? [id] : [])),
    pushedOutOfOrder: overtakes(sends, (a, b) => (first.get(a.id) ?? Infinity) > (first.get(b.id) ?? Infinity)),
    pushedAgain: pushes.length - first.size,
    pushedTooOften: again.flatMap(([id, all]) => (all.length - 1 > (hits.get(id)?.length ?? 0) ? [id] : [])),
  };
}

/** The promises about pushes that are broken, in words. */
export function pushViolations(findings: PushFindings): string[] {
  const broken: string[] = [];
  for (const name of ["unpushed", "pushedEarly", "pushedOutOfOrder", "pushedTooOften"] as const) {
    const some = findings[name];
    if (some.length > 0) broken.push(`${name}: ${some.length} (${some.slice(0, 3).map(String).join(" · ")})`);
  }
  return broken;
}
