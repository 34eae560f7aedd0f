import { describe, expect, test } from "vitest";
import { useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { deathFacts, dyingMessage, openDeadLetters } from "#infra/testing/dead-letters.ts";
import { createAttempts } from "./attempts.ts";

const stores = useDeadLetters();

const attemptsOf = (worker = "worker-a", allowedAttempts = 5) => createAttempts({ ...stores, worker, allowedAttempts });
const failure = { reason: "handler_failed", error: "no", countsAsAttempt: true } as const;

describe("counting", () => {
  test("a message retries until its attempts are used up", async () => {
    const message = dyingMessage();
    const decisions = [];
    for (let n = 0; n < 5; n++) decisions.push(await attemptsOf().failed(message, failure));
    expect(decisions).toEqual([1, 2, 3, 4, 5].map((attempts) => ({ attempts, decision: attempts === 5 ? "die" : "retry" })));
  });

  test("failures counted at once by several workers are all counted", async () => {
    const message = dyingMessage();
    const counted = await Promise.all(Array.from({ length: 12 }, (_, n) => attemptsOf(`worker-${n}`, 100).failed(message, failure)));
    expect(counted.map(({ attempts }) => attempts).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  });

  test("a malformed body dies at once, an unknown version does not", async () => {
    expect((await attemptsOf().failed(dyingMessage(), { ...failure, reason: "malformed" })).decision).toBe("die");
    expect((await attemptsOf().failed(dyingMessage(), { ...failure, reason: "unknown_version" })).decision).toBe("retry");
  });

  test("what does not count leaves the attempts as they were", async () => {
    const message = dyingMessage();
    await attemptsOf().failed(message, failure);
    expect(await attemptsOf().failed(message, { ...failure, countsAsAttempt: false })).toEqual({ attempts: 1, decision: "retry" });
  });

  test("the history keeps the latest 20, each with worker, reason, error and time", async () => {
    const message = dyingMessage();
    for (let n = 1; n <= 23; n++) await attemptsOf("worker-a", 100).failed(message, { ...failure, error: `failure ${n}\0` });
    const { death } = await stores.ledger.decide(deathFacts(message));
    const detail = await stores.ledger.detail(death.id);
    expect(detail?.attempts).toBe(23);
    expect(detail?.history.map(({ error }) => error)).toEqual(Array.from({ length: 20 }, (_, n) => `failure ${n + 4}\uFFFD`));
    expect(detail?.history[0]).toMatchObject({ worker: "worker-a", reason: "handler_failed", at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) });
  });

  test("the list of failing messages names attempts and the last error, not marks alone", async () => {
    const failed = dyingMessage();
    await attemptsOf().failed(failed, failure);
    await attemptsOf().startMark(dyingMessage());
    expect(await stores.ledger.failing({ limit: 10 })).toEqual([
      expect.objectContaining({ messageId: failed.messageId, userId: "user-1", attempts: 1, lastError: "no" }),
    ]);
  });

  test("a message that is dead is not counted any more", async () => {
    const message = dyingMessage();
    const { death } = await stores.ledger.decide(deathFacts(message));
    expect(await attemptsOf().failed(message, failure)).toMatchObject({ decision: "die" });
    expect(await stores.ledger.failing({ limit: 10 })).toEqual([]);
    expect((await attemptsOf().deathOf([message.messageId, "other"])).get(message.messageId)?.id).toBe(death.id);
  });
});

describe("start marks", () => {
  test("the second mark left is handled alone, and only from there on a mark found counts", async () => {
    const message = dyingMessage();
    const seen = [];
    for (let n = 0; n < 8; n++) {
      const { marks, alone, attempts, decision } = await attemptsOf(`worker-${n}`).startMark(message);
      seen.push([marks, alone, attempts, decision]);
    }
    expect(seen).toEqual([
      [1, false, 0, "handle"],
      [2, true, 0, "handle"],
      [3, true, 1, "handle"],
      [4, true, 2, "handle"],
      [5, true, 3, "handle"],
      [6, true, 4, "handle"],
      [7, true, 5, "die"],
      [8, true, 6, "die"],
    ]);
    const { last } = await attemptsOf().startMark(message);
    expect(last).toMatchObject({ reason: "process_killer", worker: "worker-7" });
  });

  test("marks are seen before the next handling", async () => {
    const message = dyingMessage();
    await attemptsOf().startMark(message);
    expect(await attemptsOf().marksOf([message.messageId, "never seen"])).toEqual(new Map([[message.messageId, 1]]));
    await attemptsOf().failed(message, failure);
    expect(await attemptsOf().marksOf([message.messageId])).toEqual(new Map());
  });

  test.each([
    ["stored", (id: string) => attemptsOf().clear([id])],
    ["ended uncounted", (id: string) => attemptsOf().unmark([id])],
  ])("a bystander whose handling %s starts afresh", async (_, end) => {
    const message = dyingMessage();
    await attemptsOf().startMark(message);
    await attemptsOf().startMark(message);
    await end(message.messageId);
    expect(await attemptsOf().startMark(message)).toMatchObject({ marks: 1, alone: false, attempts: 0, decision: "handle" });
  });

  test("a counted failure takes the marks away and is no killer", async () => {
    const message = dyingMessage();
    await attemptsOf().startMark(message);
    await attemptsOf().startMark(message);
    await attemptsOf().failed(message, failure);
    expect(await attemptsOf().startMark(message)).toMatchObject({ marks: 1, alone: false, attempts: 1 });
    await attemptsOf().unmark([message.messageId]);
    expect(await attemptsOf().startMark(message)).toMatchObject({ marks: 1, attempts: 1 });
  });

  test("attempts used up before a kill are found by the next one to receive it", async () => {
    const message = dyingMessage();
    for (let n = 0; n < 5; n++) await attemptsOf().failed(message, failure);
    expect(await attemptsOf().startMark(message)).toMatchObject({ decision: "die", last: { reason: "handler_failed", error: "no" } });
  });
});

test("rows of messages that no queue can hold are forgotten", async () => {
  await attemptsOf().failed(dyingMessage(), failure);
  await attemptsOf().failed(dyingMessage({ messageId: "old" }), failure);
  await stores.db.$executeRaw`UPDATE failing_message SET updated_at = now() - interval '16 days' WHERE message_id = 'old'`;
  expect(await stores.failing.prune()).toBe(1);
});

test("with Postgres away every act throws, so that nothing is decided", async () => {
  const away = openDeadLetters({ databaseUrl: "postgresql://nobody:x@127.0.0.1:1/none" });
  const attempts = createAttempts({ ...away, worker: "w", allowedAttempts: 1 });
  await expect(attempts.failed(dyingMessage(), failure)).rejects.toThrow();
  await expect(attempts.startMark(dyingMessage())).rejects.toThrow();
  await away.close();
});
