import type { Dump, RunLog, SendOutcome } from "./log.ts";
import type { Violation } from "./violation.ts";

function sets({ table, queue, deadLetters, deaths }: Dump) {
  const open = new Set(deaths.filter(({ status }) => status === "open").map(({ deathId }) => deathId));
  return {
    inTable: new Set(table.keys()),
    inQueue: new Set(queue),
    /** Dead letters by activity, and the deaths of those that are not resolved. */
    inDeadLetters: new Set(deadLetters.map(({ id }) => id)),
    open,
  };
}

/** What the dumps must say: nothing lost, nothing unexpected, and once it is quiet, everything accounted for. */
export function checkDumps({ entries, safety, final, drained, drainLimitMs, contents }: RunLog): Violation[] {
  const violations: Violation[] = [];
  const overStep = entries.find((entry) => entry.fact === "faults_over")?.step ?? 0;
  const lastStep = entries.at(-1)?.step ?? 0;

  function at(dump: Dump, step: number): void {
    const fail = (promise: Violation["promise"], what: string) => violations.push({ promise, step, what });
    const outcomes = new Map<string, SendOutcome>();
    const intended = new Set<string>();
    for (const entry of entries) {
      if (entry.atMs > dump.atMs) break;
      if (entry.fact === "outcome") outcomes.set(entry.id, entry.outcome);
      if (entry.fact === "intent") intended.add(entry.id);
    }
    const { inTable, inQueue, inDeadLetters } = sets(dump);
    for (const [id, outcome] of outcomes) {
      const somewhere = inTable.has(id) || inQueue.has(id) || inDeadLetters.has(id);
      if (outcome === "ok" && !somewhere) fail("lost", `${id} was accepted and is nowhere`);
      if (outcome === "refused" && somewhere) fail("unexpected", `${id} was refused and is there`);
    }
    for (const id of [...inTable, ...inQueue, ...inDeadLetters]) if (!intended.has(id)) fail("unexpected", `${id} was never sent`);
    for (const [id, content] of dump.table) if (contents.get(id) !== content) fail("once", `the item of ${id} is not what was sent`);
    const copies = new Set(dump.deadLetters.map(({ deathId }) => deathId));
    const known = new Set(dump.deaths.map(({ deathId }) => deathId));
    for (const { deathId } of dump.deadLetters) if (deathId === null || !known.has(deathId)) fail("conservation", `the dead letter of ${deathId ?? "nobody"} is not in the ledger`);
    for (const { id, deathId, status } of dump.deaths) {
      if (status === "open" && !copies.has(deathId) && !inQueue.has(id)) fail("lost", `the open death of ${id} has no copy in the dead-letter queue`);
    }
  }

  at(safety, overStep);
  if (final === null) return violations;
  at(final, lastStep);
  const fail = (promise: Violation["promise"], what: string) => violations.push({ promise, step: lastStep, what });
  if (!drained) {
    const { queue, unfinishedRedriveItems, deaths } = final;
    fail("liveness", `${drainLimitMs} ms after the last fault: ${queue.length} queued (${queue.slice(0, 5).join()}), ${unfinishedRedriveItems} redriven items under way, ${deaths.length} deaths`);
    return violations;
  }
  // Quiet: each accepted activity is stored or dead, and each death has its one fate.
  const copies = Map.groupBy(final.deadLetters, ({ deathId }) => deathId);
  for (const { deathId, id, status } of final.deaths) {
    const standing = copies.get(deathId)?.length ?? 0;
    if (status === "open" && standing === 0) fail("conservation", `the death of ${id} is open and has no copy`);
    if (status !== "open" && standing > 0) fail("conservation", `the death of ${id} is ${status} and still has ${standing} copies`);
    if (status === "stored" && !final.table.has(id)) fail("conservation", `the death of ${id} is resolved as stored, and it is not`);
  }
  return violations;
}
