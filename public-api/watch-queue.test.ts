import { expect, it } from "vitest";
import type { SendOutcome } from "#lib/services/activity/ingest-batcher.ts";
import { watchQueue } from "./watch-queue.ts";

function watched() {
  const lines: { event: string; [field: string]: unknown }[] = [];
  let next: SendOutcome = { kind: "answered", results: [] };
  let nowMs = 0;
  const send = watchQueue(
    () => Promise.resolve(next),
    (_, event, fields) => lines.push({ event, ...fields }),
    () => nowMs,
  );
  return {
    lines,
    send: async (outcome: SendOutcome, atMs = nowMs) => {
      next = outcome;
      nowMs = atMs;
      expect(await send([])).toBe(outcome);
    },
  };
}

const lost: SendOutcome = { kind: "lost", reason: "the queue did not answer", detail: "ECONNRESET 10.0.0.1" };

it("says once that the queue is away, in AWS's words, and once that it is back", async () => {
  const { lines, send } = watched();
  await send(lost);
  await send(lost);
  await send({ kind: "answered", results: [] });
  await send({ kind: "answered", results: [] });
  expect(lines).toEqual([
    { event: "queue_does_not_answer", outcome: "lost", reason: lost.reason, detail: "ECONNRESET 10.0.0.1" },
    { event: "queue_answers_again" },
  ]);
});

it("says what the queue did not take, each code once a minute", async () => {
  const { lines, send } = watched();
  const refused: SendOutcome = { kind: "answered", results: [{ ok: false, code: "InternalError", message: "try again", senderFault: false }] };
  await send(refused, 0);
  await send(refused, 59_999);
  expect(lines).toEqual([{ event: "queue_did_not_take", code: "InternalError", message: "try again", senderFault: false }]);
  await send(refused, 60_000);
  expect(lines).toHaveLength(2);
});
