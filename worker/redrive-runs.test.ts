import fc from "fast-check";
import { expect, test } from "vitest";
import type { PendingItem } from "#lib/gateways/redrive-runs.ts";
import type { OutgoingMessage, SendResult } from "#lib/gateways/sqs-queue.ts";
import { createRedriveJob, nextBatch } from "./redrive-runs.ts";

const item = (n: number, userHash: string | null, bytes = 1) => ({ runId: "r", deathId: `d${n}`, userHash, body: "x".repeat(bytes) });

test("a batch is the longest head without two of a group, and fits one call", () => {
  const groups = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", null), fc.integer({ min: 1, max: 600_000 })), { maxLength: 10 });
  fc.assert(
    fc.property(groups, (made) => {
      const items = made.map(([group, bytes], n) => item(n, group, bytes));
      const batch = nextBatch(items);
      expect(batch).toEqual(items.slice(0, batch.length));
      const used = batch.map(({ userHash, deathId }) => userHash ?? deathId);
      expect(new Set(used).size).toBe(batch.length);
      const bytes = batch.reduce((sum, { body }) => sum + body.length, 0);
      expect(bytes <= 900 * 1024 || batch.length === 1).toBe(true);
      const next = items[batch.length];
      if (next === undefined) return;
      expect(used.includes(next.userHash ?? next.deathId) || bytes + next.body.length > 900 * 1024).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("something is always sent", () => {
  expect(nextBatch([item(0, "a", 1_000_000)])).toHaveLength(1);
  expect(nextBatch([])).toEqual([]);
});

/** A job over items in memory, and a queue that answers as told. */
function jobOver(items: PendingItem[], answer: (message: OutgoingMessage) => SendResult) {
  const sent: string[] = [];
  const job = createRedriveJob({
    runs: {
      pending: ({ limit }) => Promise.resolve(items.filter(({ deathId }) => !sent.includes(deathId)).slice(0, limit)),
      markSent: (marked) => {
        sent.push(...marked.map(({ deathId }) => deathId));
        return Promise.resolve();
      },
    },
    queue: { sendBatch: (messages) => Promise.resolve(messages.map(answer)) },
  });
  return { job, sent };
}
const taken: SendResult = { ok: true, messageId: "m", sequenceNumber: "1" };

test("an item that SQS refuses for what it is holds up nobody", async () => {
  const items = [item(0, "a", 950_000), item(1, "b", 2), ...Array.from({ length: 20 }, (_, n) => item(n + 2, `u${n}`))];
  const { job, sent } = jobOver(items, ({ body }) => {
    if (body.length > 900_000) throw Object.assign(new Error("too long"), { name: "BatchRequestTooLong" });
    return body.length === 2 ? { ok: false, code: "InvalidMessageContents", message: "no", senderFault: true } : taken;
  });
  const { signal } = new AbortController();
  for (let steps = 0; steps < 5; steps += 1) await job.step(signal);
  expect(sent).toHaveLength(20);
});

test("a refusal that may pass is met again, and the call's own failure is thrown", async () => {
  const { signal } = new AbortController();
  const busy = jobOver([item(0, "a")], () => ({ ok: false, code: "InternalError", message: "later", senderFault: false }));
  expect(await busy.job.step(signal)).toEqual({ sent: 0, refused: 1 });
  expect(await busy.job.step(signal)).toEqual({ sent: 0, refused: 1 });
  const away = jobOver([item(0, "a")], () => {
    throw Object.assign(new Error("slow down"), { name: "RequestThrottled" });
  });
  await expect(away.job.step(signal)).rejects.toThrow("slow down");
});
