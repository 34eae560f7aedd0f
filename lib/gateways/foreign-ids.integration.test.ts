import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { deathFacts, type DeadLetterStores, openDeadLetters } from "#infra/testing/dead-letters.ts";

const mine = useDeadLetters();
let theirs: DeadLetterStores;
beforeEach(() => {
  theirs = openDeadLetters({ databaseUrl: mine.databaseUrl, queue: "others.fifo" });
});
afterEach(() => theirs.close());

const ask = (stores: DeadLetterStores, deathIds: string[], runId: string = randomUUID()) => stores.runs.create({ runId, deathIds, actor: "ada", reason: "why not" });

describe("ids of another queue or run are refused", () => {
  test("a death is neither shown, resolved, swept nor redriven", async () => {
    const { death } = await theirs.ledger.decide(deathFacts());
    expect(await mine.ledger.detail(death.id)).toBeNull();
    expect(await mine.ledger.resolveStored(death.id)).toBe("unchanged");
    expect(await ask(mine, [death.id])).toEqual({ outcome: "refused", refused: [{ deathId: death.id, why: "not_found", runId: null }] });
    expect(await theirs.ledger.detail(death.id)).toMatchObject({ status: "open", redrive: null });
  });

  test("a selection with one foreign id in it makes no run at all", async () => {
    const { death: foreign } = await theirs.ledger.decide(deathFacts());
    const { death: own } = await mine.ledger.decide(deathFacts());
    expect(await ask(mine, [own.id, foreign.id])).toMatchObject({ outcome: "refused", refused: [{ deathId: foreign.id, why: "not_found" }] });
    expect(await mine.runs.latest({ limit: 10 })).toEqual([]);
  });

  test("a run has no receipt elsewhere, and its id gives nobody else's run", async () => {
    const { death: foreign } = await theirs.ledger.decide(deathFacts());
    const runId = randomUUID();
    expect(await ask(theirs, [foreign.id], runId)).toMatchObject({ outcome: "created" });
    expect(await mine.runs.receipt(runId)).toBeNull();
    expect(await mine.runs.latest({ limit: 10 })).toEqual([]);
    expect(await mine.runs.pending({ limit: 10 })).toEqual([]);
    // Not even by asking for the same: the id, or the id with its selection.
    const { death: own } = await mine.ledger.decide(deathFacts());
    for (const deathIds of [[own.id], [foreign.id]]) expect((await ask(mine, deathIds, runId)).outcome).not.toMatch(/created|existing/);
    expect(await theirs.runs.receipt(runId)).toMatchObject({ id: runId, selected: 1 });
  });
});
