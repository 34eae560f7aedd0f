import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useDeadLetterQueues, useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { killer } from "#infra/testing/dead-letter-queues.ts";
import { activityBody } from "#infra/testing/dead-letters.ts";
import { until } from "#infra/testing/until.ts";
import { REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { createDeaths } from "./deaths.ts";
import { createDlqWalk } from "./dlq-walk.ts";
import { createRedriveJob } from "./redrive-runs.ts";

const stores = useDeadLetters();
const queues = useDeadLetterQueues();

const signal = new AbortController().signal;
const deaths = () => createDeaths({ ...stores, ...queues, worker: "worker-a" });
const sweep = () => createDlqWalk({ ...stores, ...queues, deaths: deaths(), waitSeconds: 0, callsPerSecond: 10_000 })(signal);

/** Lets messages with these bodies die. @returns their deaths' ids, in that order. */
async function dead(...bodies: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const body of bodies) {
    const message = await queues.received({ groupId: randomUUID(), body });
    expect(await deaths().die(message, { reason: "handler_failed", error: "no", attempts: 5 })).toBe("completed");
    await queues.queue.deleteBatch([message.receiptHandle]);
    ids.push((await stores.ledger.deathsOf([message.messageId])).get(message.messageId)?.id ?? "");
  }
  return ids;
}

async function run(deathIds: string[]): Promise<string> {
  const runId = randomUUID();
  expect(await stores.runs.create({ runId, deathIds, actor: "ada", reason: "fixed" })).toMatchObject({ outcome: "created" });
  return runId;
}

/** Sends until nothing is pending. */
async function sendAll() {
  const job = createRedriveJob({ ...stores, queue: queues.queue });
  while ((await job.step(signal)).sent > 0);
}

/** Handles the main queue as a worker does: stores each message (its body is noted), or lets it die. */
async function work(fate: "store" | "die"): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const [message] = await queues.queue.receive({ maxMessages: 1, waitSeconds: 0, visibilitySeconds: 30, attemptId: randomUUID() });
    if (message === undefined) return bodies;
    bodies.push(message.body);
    const deathId = message.attributes[REDRIVE_DEATH_ATTRIBUTE];
    if (fate === "die") expect(await deaths().die(message, { reason: "handler_failed", error: "still no", attempts: 5 })).toBe("completed");
    else if (deathId !== undefined) await deaths().resolveRedriven({ deathId, outcome: "stored" });
    await queues.queue.deleteBatch([message.receiptHandle]);
  }
}

test("redriven, stored, swept: the run is finished and the DLQ empty", async () => {
  const ids = await dead(activityBody({ userId: "anna" }), activityBody({ userId: "bob" }), "not json");
  const runId = await run(ids);
  await sendAll();
  const sent = await queues.dump(queues.queue);
  expect(new Set(sent.map(({ groupId }) => groupId))).toEqual(new Set([userHash("anna"), userHash("bob"), ids[2]]));
  expect(await stores.runs.receipt(runId)).toMatchObject({ state: "running", counts: { sent: 3 } });
  // Until they are stored the dead letters stay where they are.
  expect((await sweep()).deleted).toBe(0);
  expect(await queues.dump(queues.deadLetterQueue)).toHaveLength(3);

  expect(await work("store")).toHaveLength(3);
  expect(await stores.runs.receipt(runId)).toMatchObject({ state: "finished", counts: { pending: 0, sent: 0, stored: 3, bounced: 0 } });
  expect((await stores.ledger.counts()).awaitingSweep.value).toBe(3);
  expect(await sweep()).toMatchObject({ seen: 3, deleted: 3, held: 0, whole: true });
  expect((await stores.ledger.counts()).awaitingSweep.value).toBe(0);
  expect(await queues.dump(queues.deadLetterQueue)).toEqual([]);
});

test("redriven and dead again: the old death bounced, the new one stands in the DLQ in its place", async () => {
  const [old = ""] = await dead(activityBody());
  const runId = await run([old]);
  await sendAll();
  await work("die");
  const receipt = await stores.runs.receipt(runId);
  expect(receipt).toMatchObject({ state: "finished", counts: { bounced: 1 }, items: [{ state: "bounced", bouncedDeathId: expect.any(String) }] });
  await sweep();
  const copies = await queues.dump(queues.deadLetterQueue);
  expect(copies.map(({ groupId }) => groupId)).toEqual([receipt?.items[0]?.bouncedDeathId]);
});

test("one user's activities are sent in the order of the selection", async () => {
  const bodies = Array.from({ length: 5 }, (_, n) => activityBody({ userId: "anna", id: `a-${n}` }));
  await run(await dead(...bodies));
  await sendAll();
  expect(await work("store")).toEqual(bodies);
});

test("an entry that SQS refuses is sent again, and nothing of its user overtakes it", async () => {
  const bodies = ["a-0", "a-1"].map((id) => activityBody({ userId: "anna", id })).concat(activityBody({ userId: "bob", id: "b" }));
  await run(await dead(...bodies));
  let refusals = 1;
  const queue = {
    sendBatch: async (...[messages, cancel]: Parameters<typeof queues.queue.sendBatch>) => {
      if (refusals === 0) return queues.queue.sendBatch(messages, cancel);
      refusals -= 1;
      const rest = messages.length > 1 ? await queues.queue.sendBatch(messages.slice(1), cancel) : [];
      return [{ ok: false as const, code: "InternalError", message: "try again", senderFault: false }, ...rest];
    },
  };
  const stop = new AbortController();
  const done = createRedriveJob({ ...stores, queue, idleMs: 10 }).run(stop.signal);
  await until(async () => (await stores.runs.pending({ limit: 1 })).length === 0, { deadlineMs: 10_000 });
  stop.abort();
  await done;
  const stored = await work("store");
  expect(stored.filter((body) => body.includes("anna"))).toEqual(bodies.slice(0, 2));
  expect(stored).toHaveLength(3);
});

describe.each([
  ["at once", 0, 1],
  ["after SQS has forgotten the deduplication ids", 400_000, 2],
])("a job killed, and gone on with %s", (_, passMs, mostCopies) => {
  // Three calls a step: read the pending, send, note.
  test.each([0, 1, 2, 3, 4, 5].flatMap((steps) => [false, true].map((afterAct) => ({ steps, afterAct }))))(
    "after $steps calls (the fatal one made: $afterAct)",
    async ({ steps, afterAct }) => {
      const bodies = ["anna", "anna", "bob"].map((userId) => activityBody({ userId }));
      const ids = await dead(...bodies);
      const runId = await run(ids);
      const { wrap, killed } = killer({ steps, afterAct });
      const doomed = createRedriveJob({ runs: wrap(stores.runs), queue: wrap(queues.queue) });
      await expect((async () => { for (;;) await doomed.step(signal); })()).rejects.toThrow("killed");
      expect(killed()).toBe(true);
      // At this moment every selected death is still in the DLQ.
      await sweep();
      expect((await queues.dump(queues.deadLetterQueue)).map(({ groupId }) => groupId).toSorted()).toEqual(ids.toSorted());

      queues.pass(passMs);
      await sendAll();
      const stored = await work("store");
      for (const body of bodies) {
        const copies = stored.filter((one) => one === body).length;
        expect(copies).toBeGreaterThanOrEqual(1);
        expect(copies).toBeLessThanOrEqual(mostCopies);
      }
      expect(await stores.runs.receipt(runId)).toMatchObject({ state: "finished", counts: { stored: 3 } });
      await sweep();
      expect(await queues.dump(queues.deadLetterQueue)).toEqual([]);
    },
  );
});
