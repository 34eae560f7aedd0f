import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { useDeadLetterQueues, useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { killer } from "#infra/testing/dead-letter-queues.ts";
import { activityBody, deathFacts, dyingMessage } from "#infra/testing/dead-letters.ts";
import { until } from "#infra/testing/until.ts";
import { DEATH_ATTRIBUTES, REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { createDeaths } from "./deaths.ts";
import { createDlqWalk } from "./dlq-walk.ts";
import { createSweeper } from "./sweeper.ts";

const stores = useDeadLetters();
const queues = useDeadLetterQueues();

const signal = new AbortController().signal;
const FAST = { waitSeconds: 0, callsPerSecond: 100_000 };
const all = { status: null, user: null, after: null, limit: 100 } as const;
const deaths = () => createDeaths({ ...stores, ...queues, worker: "sweeper" });
const walk = () => createDlqWalk({ ...stores, ...queues, deaths: deaths(), ...FAST })(signal);

/** Sends a copy of a death to the DLQ as a worker does, under a deduplication id of its own. */
async function copyOf(id: string, body: string): Promise<string> {
  const attributes = { [DEATH_ATTRIBUTES.deathId]: id, [DEATH_ATTRIBUTES.reason]: "rejected_by_table", [DEATH_ATTRIBUTES.attempts]: "5", [DEATH_ATTRIBUTES.worker]: "worker-a" };
  const [sent] = await queues.deadLetterQueue.sendBatch([{ groupId: id, deduplicationId: randomUUID(), body, attributes }]);
  if (sent?.ok !== true) throw new Error("the DLQ refused a copy");
  return sent.messageId;
}

test("what SQS moved itself is filed under its own group, in the order of its user, and stays redrivable", async () => {
  const groupId = userHash("anna");
  const bodies = ["1", "2"].map((id) => activityBody({ userId: "anna", id }));
  const moved = [];
  for (const body of bodies) moved.push(await queues.moved({ groupId, body }));
  expect(await walk()).toMatchObject({ filed: 2 });
  const filed = await stores.ledger.page(all);
  expect(filed.map(({ reason, messageId, activityId, userId }) => ({ reason, messageId, activityId, userId })).toReversed()).toEqual(
    moved.map(({ messageId }, n) => ({ reason: "native_backstop", messageId, activityId: String(n + 1), userId: "anna" })),
  );
  const copies = await queues.dump(queues.deadLetterQueue);
  expect(copies.map(({ groupId: group, body }) => [group, body])).toEqual(filed.map(({ id }, n) => [id, bodies[1 - n]]).toReversed());
  expect(await walk()).toMatchObject({ seen: 2, filed: 0, deleted: 0, held: 2 });
});

test("a redriven message that SQS moved itself is its old death's bounce", async () => {
  const { death } = await stores.ledger.decide(deathFacts());
  const runId = randomUUID();
  await stores.runs.create({ runId, deathIds: [death.id], actor: "ada", reason: "r" });
  await queues.moved({ body: activityBody(), attributes: { [REDRIVE_DEATH_ATTRIBUTE]: death.id } });
  await walk();
  expect(await stores.runs.receipt(runId)).toMatchObject({ state: "finished", counts: { bounced: 1 } });
});

test("a lost ledger is filled again from the DLQ, under the same ids", async () => {
  const body = activityBody({ userId: "anna" });
  const id = randomUUID();
  const dlqMessageId = await copyOf(id, body);
  expect(await walk()).toMatchObject({ seen: 1, filed: 1, deleted: 0, held: 1 });
  expect(await stores.ledger.detail(id)).toMatchObject({ reason: "rejected_by_table", attempts: 5, worker: "worker-a", userId: "anna", body, status: "open" });
  expect((await stores.ledger.byIds([id])).get(id)?.dlqMessageId).toBe(dlqMessageId);
});

/** How a death stands before a walk. */
const STATES = ["open", "open_unrecorded", "open_twice", "open_recorded_is_gone", "stored", "stored_unrecorded", "bounced_twice", "lost"] as const;

test("no walk, killed wherever, deletes the last copy of an open death; a whole one deletes all others", async () => {
  const scenario = fc.record({
    states: fc.array(fc.constantFrom(...STATES), { minLength: 1, maxLength: 14 }),
    steps: fc.integer({ min: 0, max: 25 }),
    afterAct: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ states, steps, afterAct }) => {
      await stores.empty();
      await queues.empty();
      const made: { id: string; state: (typeof STATES)[number] }[] = [];
      for (const state of states) {
        const body = activityBody();
        const id = state === "lost" ? randomUUID() : (await stores.ledger.decide(deathFacts(dyingMessage({ body })))).death.id;
        const copies = [await copyOf(id, body)];
        if (state.endsWith("twice")) copies.push(await copyOf(id, body));
        const recorded = state === "open_recorded_is_gone" ? randomUUID() : copies.at(-1);
        if (!state.endsWith("unrecorded") && state !== "lost" && recorded !== undefined) await stores.ledger.recordCopy({ id, dlqMessageId: recorded });
        if (state.startsWith("stored")) await stores.ledger.resolveStored(id);
        if (state.startsWith("bounced")) await stores.ledger.decide({ ...deathFacts(), redrivenFrom: id });
        made.push({ id, state });
      }
      const standing = async () => Map.groupBy(await queues.dump(queues.deadLetterQueue), ({ groupId }) => groupId);
      const isOpen = (state: string) => state.startsWith("open") || state === "lost";

      const { wrap } = killer({ steps, afterAct });
      const doomed = createDlqWalk({ ledger: wrap(stores.ledger), deadLetterQueue: wrap(queues.deadLetterQueue), deaths: deaths(), ...FAST });
      await doomed(signal).catch(() => {});
      queues.pass(1_000_000); // what the killed walk hid comes back
      const after = await standing();
      for (const { id, state } of made) if (isOpen(state)) expect(after.get(id)?.length ?? 0, state).toBeGreaterThanOrEqual(1);

      // Twice: the first may have to record a copy before the second can tell which one is the stray.
      await walk();
      expect(await walk()).toMatchObject({ whole: true });
      const end = await standing();
      for (const { id, state } of made) expect(end.get(id)?.length ?? 0, state).toBe(isOpen(state) ? 1 : 0);
      const rows = await stores.ledger.byIds(made.map(({ id }) => id));
      for (const { id, state } of made) expect(rows.get(id)?.status === "open", state).toBe(isOpen(state));
    }),
    { numRuns: 12 },
  );
}, 55_000);

test("a stopped walk shows again what it held", async () => {
  for (let n = 0; n < 12; n++) {
    const { death } = await stores.ledger.decide(deathFacts());
    await copyOf(death.id, "body");
  }
  const stop = new AbortController();
  const deadLetterQueue = {
    ...queues.deadLetterQueue,
    receive: async (...given: Parameters<typeof queues.deadLetterQueue.receive>) => {
      const copies = await queues.deadLetterQueue.receive(...given);
      stop.abort();
      return copies;
    },
  };
  await createDlqWalk({ ...stores, deadLetterQueue, deaths: deaths(), ...FAST })(stop.signal).catch(() => {});
  expect(await queues.dump(queues.deadLetterQueue)).toHaveLength(12);
});

test("idle, nothing asks SQS between two looks; a resolved death is swept soon", async () => {
  const { death } = await stores.ledger.decide(deathFacts());
  await copyOf(death.id, "body");
  const walks: number[] = [];
  let checks = 0;
  const stop = new AbortController();
  const sweeper = createSweeper({
    ledger: {
      unswept: () => {
        checks += 1;
        return stores.ledger.unswept();
      },
    },
    failing: stores.failing,
    walk: async () => {
      const result = await walk();
      walks.push(result.deleted);
      return result;
    },
    times: { checkMs: 10, lookMs: 600_000, missedMs: 600_000, failureMs: 10 },
  });
  const done = sweeper.run(stop.signal);
  const idle = async () => {
    const from = checks;
    await until(() => checks > from + 8, { deadlineMs: 10_000 });
  };
  await until(() => walks.length === 1, { deadlineMs: 10_000, what: "the first look" });
  const calls = queues.requestCounts();
  await idle();
  expect(queues.requestCounts()).toEqual(calls);

  await stores.ledger.resolveStored(death.id);
  // The ledger knows of it before the walk is over.
  await until(() => walks.length === 2, { deadlineMs: 10_000, what: "the sweep" });
  expect(walks).toEqual([0, 1]);
  expect((await stores.ledger.unswept()).latestResolvedAt).toBeNull();

  // A copy that is gone (by hand, or past its retention) is looked for once, not for ever.
  const { death: gone } = await stores.ledger.decide(deathFacts());
  await stores.ledger.resolveStored(gone.id);
  await until(() => walks.length === 3, { deadlineMs: 10_000 });
  await idle();
  expect(walks).toEqual([0, 1, 0]);
  // Once no walk can be hiding it, it counts as swept.
  await stores.db.$executeRaw`UPDATE death SET resolved_at = now() - interval '1 hour' WHERE id = ${gone.id}::uuid`;
  await walk();
  expect(await stores.ledger.unswept()).toEqual({ latestResolvedAt: null });
  stop.abort();
  await done;
});
