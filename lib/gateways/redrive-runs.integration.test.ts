import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { activityBody, deathFacts, dyingMessage, openDeadLetters } from "#infra/testing/dead-letters.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { redriveOutcomeSchema, redriveReceiptSchema } from "#lib/contracts/dead-letters.ts";
import { receipt } from "#lib/services/dead-letters/receipt.ts";
import { redrive } from "#lib/services/dead-letters/redrive.ts";
import { runs } from "#lib/services/dead-letters/runs.ts";

const stores = useDeadLetters();
const READER = allowScript("dead_letters:read", "ada");

async function dead(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    ids.push((await stores.ledger.decide(deathFacts(dyingMessage({ body: activityBody({ userId: `user-${n}` }) })))).death.id);
  }
  return ids;
}
const ask = async (deathIds: string[], runId: string = randomUUID()) =>
  redriveOutcomeSchema.parse(await redrive({ ctx: stores, by: allowScript("dead_letters:act", "ada"), input: { runId, deathIds, reason: "the table was fixed" } }));
const read = async (runId: string) => redriveReceiptSchema.parse(await receipt({ ctx: stores, by: READER, input: { runId } }));

describe("making a run", () => {
  test("freezes the selection in its order", async () => {
    const ids = (await dead(3)).toReversed();
    const runId = randomUUID();
    expect(await ask(ids, runId)).toMatchObject({
      outcome: "created",
      run: { id: runId, actor: "ada", selected: 3, state: "running", counts: { pending: 3, sent: 0, stored: 0, bounced: 0 } },
    });
    expect((await stores.runs.pending({ limit: 10 })).map(({ deathId }) => deathId)).toEqual(ids);
    expect((await runs({ ctx: stores, by: READER, input: {} })).map(({ id }) => id)).toEqual([runId]);
  });

  test("the same request, sent again or at once, is one run", async () => {
    const ids = await dead(2);
    const runId = randomUUID();
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => ask(ids, runId)));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["created", "existing", "existing", "existing"]);
    expect(await ask(ids.slice(1), runId)).toEqual({ outcome: "run_id_taken" });
    expect(await runs({ ctx: stores, by: READER, input: {} })).toHaveLength(1);
  });

  test("a death named twice is one item", async () => {
    const [id = ""] = await dead(1);
    expect(await ask([id, id.toUpperCase()])).toMatchObject({ outcome: "created", run: { selected: 1 } });
  });

  test("names every death that cannot go, and makes no run", async () => {
    const [free = "", stored = "", moving = ""] = await dead(3);
    await stores.ledger.resolveStored(stored);
    const other = randomUUID();
    await ask([moving], other);
    const missing = randomUUID();
    expect(await ask([free, stored, moving, missing])).toEqual({
      outcome: "refused",
      refused: [
        { deathId: stored, why: "already_resolved", runId: null },
        { deathId: moving, why: "under_way", runId: other },
        { deathId: missing, why: "not_found", runId: null },
      ],
    });
    expect(await runs({ ctx: stores, by: READER, input: {} })).toHaveLength(1);
  });

  test("of two overlapping runs asked for at once, one is made and one is refused", async () => {
    for (let n = 0; n < 5; n++) {
      const [a = "", b = "", c = ""] = await dead(3);
      const outcomes = await Promise.all([ask([a, b]), ask([c, b])]);
      expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["created", "refused"]);
    }
  });
});

describe("what becomes of it", () => {
  test("a message of another queue that names the death changes nothing of its run", async () => {
    const ids = await dead(1);
    const runId = randomUUID();
    await ask(ids, runId);
    const other = openDeadLetters({ databaseUrl: stores.databaseUrl, queue: "others.fifo" });
    await other.ledger.resolveStored(ids[0] ?? "");
    await other.ledger.decide({ ...deathFacts(), redrivenFrom: ids[0] ?? "" });
    await other.close();
    expect(await read(runId)).toMatchObject({ state: "running", items: [{ state: "pending", bouncedDeathId: null }] });
  });

  test("stored items finish the run, also two last ones at once", async () => {
    for (let n = 0; n < 5; n++) {
      const ids = await dead(4);
      const runId = randomUUID();
      await ask(ids, runId);
      await stores.runs.markSent(ids.slice(0, 3).map((deathId) => ({ runId, deathId, messageId: "m" })));
      await Promise.all(ids.map((id) => stores.ledger.resolveStored(id)));
      expect(await read(runId)).toMatchObject({ state: "finished", finishedAt: expect.any(String), counts: { pending: 0, sent: 0, stored: 4, bounced: 0 } });
    }
  });

  test("a note of sending that comes after the storing changes no outcome", async () => {
    const [deathId = ""] = await dead(1);
    const runId = randomUUID();
    await ask([deathId], runId);
    expect(await stores.ledger.resolveStored(deathId)).toBe("resolved");
    await stores.runs.markSent([{ runId, deathId, messageId: "m" }]);
    expect(await read(runId)).toMatchObject({ state: "finished", items: [{ state: "stored", sentAt: expect.any(String) }] });
    expect(await stores.ledger.resolveStored(deathId)).toBe("unchanged");
  });

  test("a redriven message that dies marks the old death and its item bounced, once", async () => {
    const [deathId = ""] = await dead(1);
    const runId = randomUUID();
    await ask([deathId], runId);
    await stores.runs.markSent([{ runId, deathId, messageId: "m" }]);
    const facts = { ...deathFacts(), redrivenFrom: deathId };
    const [first] = await Promise.all([stores.ledger.decide(facts), stores.ledger.decide(facts)]);
    expect(await read(runId)).toMatchObject({ state: "finished", items: [{ state: "bounced", bouncedDeathId: first.death.id, bouncedReason: "handler_failed", bouncedError: expect.any(String) }] });
    expect(await stores.ledger.detail(deathId)).toMatchObject({ status: "bounced", awaitingSweep: true, redrive: { runId, state: "bounced", bouncedDeathId: first.death.id } });
    expect(await stores.ledger.detail(first.death.id)).toMatchObject({ status: "open", redrivenFrom: deathId });
    expect(await stores.ledger.resolveStored(deathId)).toBe("unchanged");
    // The new death may go again; the list shows the latest run of each.
    expect(await ask([first.death.id])).toMatchObject({ outcome: "created" });
  });

  test("an unknown run has no receipt", async () => {
    expect(await receipt({ ctx: stores, by: READER, input: { runId: randomUUID() } })).toBeNull();
  });
});
