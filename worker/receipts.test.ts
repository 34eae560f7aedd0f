import { describe, expect, test } from "vitest";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { WorkerEvent } from "./events.ts";
import { hold } from "./lanes.ts";
import { createReceipts } from "./receipts.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";
import { activityBody } from "./testing/world.ts";

/** Answers each call when told to; what it says takes effect with the answer. */
function createSlowQueue() {
  const deletes: { handles: readonly string[]; answer: (failed?: Map<number, string>) => void }[] = [];
  const calls: { seconds: number; answer: (failed?: Map<number, string>) => void; fail: (error: Error) => void }[] = [];
  const queue: Pick<SqsQueue, "deleteBatch" | "changeVisibilityBatch"> = {
    deleteBatch: (handles) =>
      new Promise((resolve) => {
        deletes.push({ handles, answer: (failed = new Map()) => resolve(failed) });
      }),
    changeVisibilityBatch: (changes) =>
      new Promise((resolve, reject) => {
        calls.push({ seconds: changes[0]?.visibilitySeconds ?? -1, answer: (failed = new Map()) => resolve(failed), fail: reject });
      }),
  };
  return { queue, calls, deletes };
}

function createWorldOfReceipts() {
  const time = createVirtualClock();
  const { queue, calls, deletes } = createSlowQueue();
  const events: WorkerEvent[] = [];
  const receipts = createReceipts({ queue, clock: time.clock, emit: (event) => events.push(event) });
  const message = {
    messageId: "m1",
    receiptHandle: "h1",
    groupId: "a",
    body: activityBody("a", "a1"),
    sequenceNumber: "1",
    receiveCount: 1,
    sentAt: new Date(0),
    attributes: {},
  };
  const held = hold(message, { receivedAtMs: 0, visibleUntilMs: 30_000, retentionDays: 90 });
  return { advance: (ms: number) => time.advance(ms), calls, deletes, events, receipts, held, seconds: () => calls.map((call) => call.seconds) };
}

describe("acks", () => {
  test("an ack by a handle that a redelivery has replaced meanwhile is made again by the new one", async () => {
    const { advance, deletes, events, receipts, held } = createWorldOfReceipts();
    const acked = receipts.ack([held]);
    await advance(50);
    held.message = { ...held.message, receiptHandle: "h2" };
    deletes[0]?.answer();
    await advance(0);
    expect(events).toEqual([]);
    deletes[1]?.answer();
    expect(await acked).toEqual([]);
    expect(deletes.map(({ handles }) => handles)).toEqual([["h1"], ["h2"]]);
    expect(events).toEqual([{ event: "acked", messageIds: ["m1"] }]);
  });
});

describe("changes of visibility", () => {
  test("a nack waits for a renewal under way, which would hide the message for longer if it came last", async () => {
    const { advance, calls, receipts, held, seconds } = createWorldOfReceipts();
    const renewal = receipts.changeVisibility([held], 30);
    await advance(10);
    const nack = receipts.changeVisibility([held], 7);
    await advance(1_000);
    expect(seconds()).toEqual([30]);
    calls[0]?.answer();
    await advance(0);
    expect(seconds()).toEqual([30, 7]);
    calls[1]?.answer();
    expect(await renewal).toEqual([held]);
    expect(await nack).toEqual([held]);
    expect(held.visibleUntilMs).toBe(1_010 + 7_000);
  });

  test("a renewal that hangs holds a nack up no longer than one call may take, and is not sent again", async () => {
    const { advance, calls, events, receipts, held, seconds } = createWorldOfReceipts();
    let holds = true;
    const renewal = receipts.changeVisibility([held], 30, () => holds);
    await advance(10);
    holds = false;
    const nack = receipts.changeVisibility([held], 0);
    await advance(5_000);
    expect(seconds()).toEqual([30, 0]);
    calls[1]?.answer();
    expect(await nack).toEqual([held]);
    await advance(10_000);
    expect(await renewal).toEqual([]);
    expect(seconds()).toEqual([30, 0]);
    expect(events).toEqual([]); // what is no longer held has not failed to be renewed
  });

  test("a renewal that failed is tried again for as long as the message is held, and then reported", async () => {
    const { advance, calls, events, receipts, held } = createWorldOfReceipts();
    const renewal = receipts.changeVisibility([held], 30, () => true);
    await advance(0);
    for (let tries = 0; tries < 3; tries += 1) {
      calls[tries]?.answer(new Map([[0, "InternalError"]]));
      await advance(200);
    }
    expect(await renewal).toEqual([]);
    expect(calls).toHaveLength(3);
    expect(events).toEqual([{ event: "visibility_failed", messageIds: ["m1"], error: "InternalError" }]);
  });
});

describe("acks", () => {
  function createAcks() {
    const time = createVirtualClock();
    const asked: { handles: readonly string[]; answer: (failed?: Map<number, string>) => void }[] = [];
    const queue: Pick<SqsQueue, "deleteBatch" | "changeVisibilityBatch"> = {
      deleteBatch: (handles) => new Promise((resolve) => asked.push({ handles, answer: (failed = new Map()) => resolve(failed) })),
      changeVisibilityBatch: async () => new Map(),
    };
    const receipts = createReceipts({ queue, clock: time.clock, emit: () => {} });
    const lane = (user: string, count: number) =>
      Array.from({ length: count }, (_, number) => {
        const id = `${user}${number}`;
        const message = { messageId: id, receiptHandle: id, groupId: user, body: activityBody(user, id), sequenceNumber: "1", receiveCount: 1, sentAt: new Date(0), attributes: {} };
        return hold(message, { receivedAtMs: 0, visibleUntilMs: 30_000, retentionDays: 90 });
      });
    return { time, asked, receipts, lane };
  }
  const names = (user: string, from: number, to: number) => Array.from({ length: to - from }, (_, number) => `${user}${from + number}`);

  test("of more than one call's worth of a lane, what is later is asked for once what is earlier is deleted", async () => {
    const { time, asked, receipts, lane } = createAcks();
    const acked = receipts.ack(lane("a", 12));
    await time.advance(100);
    expect(asked.map(({ handles }) => handles)).toEqual([names("a", 0, 10)]);
    asked[0]?.answer();
    await time.advance(100);
    expect(asked.map(({ handles }) => handles)).toEqual([names("a", 0, 10), names("a", 10, 12)]);
    asked[1]?.answer();
    expect(await acked).toEqual([]);
  });

  test("lanes share a call, but none is parted over two that are under way together", async () => {
    const { time, asked, receipts, lane } = createAcks();
    const acks = [receipts.ack(lane("a", 4)), receipts.ack(lane("b", 4)), receipts.ack(lane("c", 4))];
    await time.advance(0);
    expect(asked.map(({ handles }) => handles)).toEqual([[...names("a", 0, 4), ...names("b", 0, 4)], names("c", 0, 4)]);
    for (const { answer } of asked) answer();
    expect(await Promise.all(acks)).toEqual([[], [], []]);
  });

  test("nothing is deleted that follows one that could not be", async () => {
    const { time, asked, receipts, lane } = createAcks();
    const held = lane("a", 12);
    const acked = receipts.ack(held);
    await time.advance(100);
    asked[0]?.answer(new Map([[9, "ReceiptHandleIsInvalid"]]));
    await time.advance(1_000);
    expect(await acked).toEqual(held.slice(9));
    expect(asked).toHaveLength(1);
  });
});
