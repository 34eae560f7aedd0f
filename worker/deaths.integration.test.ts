import { describe, expect, test } from "vitest";
import { useDeadLetterQueues, useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { killer } from "#infra/testing/dead-letter-queues.ts";
import { activityBody, openDeadLetters } from "#infra/testing/dead-letters.ts";
import { DEATH_ATTRIBUTES } from "#lib/contracts/message.ts";
import { createDeaths } from "./deaths.ts";
import { createDlqWalk } from "./dlq-walk.ts";

const stores = useDeadLetters();
const queues = useDeadLetterQueues();

const cause = { reason: "handler_failed", error: "no", attempts: 5 } as const;
const deathsOf = (worker = "worker-a") => createDeaths({ ...stores, ...queues, worker });

/** What a worker does with a message that came back: completes its death, or lets it die, and deletes it. */
async function comeBack() {
  const [message] = await queues.queue.receive({ maxMessages: 1, waitSeconds: 0, visibilitySeconds: 30, attemptId: crypto.randomUUID() });
  if (message === undefined) throw new Error("the message did not come back");
  const death = (await stores.ledger.deathsOf([message.messageId])).get(message.messageId);
  const deaths = deathsOf("worker-b");
  const outcome = death === undefined ? await deaths.die(message, cause) : await deaths.complete(message, death);
  expect(outcome).toBe("completed");
  await queues.queue.deleteBatch([message.receiptHandle]);
}

test("a dead letter carries its body, under its own group, and its attributes", async () => {
  const message = await queues.received({ body: activityBody() });
  expect(await deathsOf().die(message, cause)).toBe("completed");
  const [copy] = await queues.dump(queues.deadLetterQueue);
  const death = (await stores.ledger.deathsOf([message.messageId])).get(message.messageId);
  expect(copy).toMatchObject({
    messageId: death?.dlqMessageId,
    body: message.body,
    groupId: death?.id,
    attributes: {
      [DEATH_ATTRIBUTES.deathId]: death?.id,
      [DEATH_ATTRIBUTES.reason]: "handler_failed",
      [DEATH_ATTRIBUTES.attempts]: "5",
      [DEATH_ATTRIBUTES.worker]: "worker-a",
      [DEATH_ATTRIBUTES.firstFailedAt]: death?.firstFailedAt.toISOString(),
      [DEATH_ATTRIBUTES.lastFailedAt]: death?.lastFailedAt.toISOString(),
    },
  });
});

describe.each([
  ["at once", 31_000],
  ["after SQS has forgotten the deduplication id", 400_000],
])("killed, and completed by another worker %s", (_, passMs) => {
  // Three calls: decide, send, record. The fourth number kills nothing inside: the delete is what is lost.
  test.each([0, 1, 2, 3].flatMap((steps) => [false, true].map((afterAct) => ({ steps, afterAct }))))(
    "after $steps calls (the fatal one made: $afterAct)",
    async ({ steps, afterAct }) => {
      const message = await queues.received({ body: activityBody() });
      const { wrap, killed } = killer({ steps, afterAct });
      await createDeaths({ ledger: wrap(stores.ledger), deadLetterQueue: wrap(queues.deadLetterQueue), worker: "worker-a" }).die(message, cause);
      expect(killed()).toBe(steps < 3);

      queues.pass(passMs);
      await comeBack();

      const { items } = { items: await stores.ledger.page({ status: null, user: null, after: null, limit: 10 }) };
      expect(items).toHaveLength(1);
      expect(await queues.dump(queues.queue)).toEqual([]);
      // A second copy may stand there for a while; a walk leaves the recorded one alone.
      await createDlqWalk({ ...stores, ...queues, deaths: deathsOf(), waitSeconds: 0, callsPerSecond: 10_000 })(new AbortController().signal);
      const copies = await queues.dump(queues.deadLetterQueue);
      const death = (await stores.ledger.deathsOf([message.messageId])).get(message.messageId);
      expect(copies.map(({ messageId }) => messageId)).toEqual([death?.dlqMessageId]);
    },
  );
});

test("a body that fills a message leaves no room for attributes, and dies all the same", async () => {
  const message = await queues.received({ body: `{"v":9,"padding":"${"x".repeat(1_048_576 - 20)}"}` });
  expect(Buffer.byteLength(message.body)).toBe(1_048_576);
  expect(await deathsOf().die(message, cause)).toBe("completed");
  const walk = createDlqWalk({ ...stores, ...queues, deaths: deathsOf(), waitSeconds: 0, callsPerSecond: 10_000 });
  // What a walk finds it knows by its group, and files no second death for it.
  expect(await walk(new AbortController().signal)).toMatchObject({ seen: 1, filed: 0, held: 1, deleted: 0 });
  const deaths = await stores.ledger.page({ status: null, user: null, after: null, limit: 10 });
  expect(deaths).toHaveLength(1);
  const [copy] = await queues.dump(queues.deadLetterQueue);
  expect(copy).toMatchObject({ groupId: deaths[0]?.id, attributes: {} });
  // Not by matching: a difference of a megabyte is no message.
  expect(copy?.body === message.body).toBe(true);
});

test("two workers that hold one message (one of them past its visibility) make one death and one dead letter", async () => {
  const message = await queues.received({ body: activityBody() });
  const outcomes = await Promise.all([deathsOf("worker-a").die(message, cause), deathsOf("worker-b").die(message, cause)]);
  expect(outcomes).toEqual(["completed", "completed"]);
  expect(await queues.dump(queues.deadLetterQueue)).toHaveLength(1);
});

test("with Postgres away nothing dies", async () => {
  const away = openDeadLetters({ databaseUrl: "postgresql://nobody:x@127.0.0.1:1/none" });
  const message = await queues.received({ body: activityBody() });
  expect(await createDeaths({ ...queues, ledger: away.ledger, worker: "w" }).die(message, cause)).toBe("unfinished");
  expect(await queues.dump(queues.deadLetterQueue)).toEqual([]);
  await away.close();
});

test("an attribute that is no death id resolves nothing", async () => {
  expect(await deathsOf().resolveRedriven({ deathId: "'; drop", outcome: "stored" })).toBe("unchanged");
});
