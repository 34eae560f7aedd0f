import { describe, expect, test } from "vitest";
import { chooseBatch, chooseBatches, needsAttention } from "./batch.ts";
import { hold, type Lane } from "./lanes.ts";
import { activityBody } from "./testing/world.ts";

const KB = 1024;

function lane(user: string, messages: { id: string; kb?: number; receiveCount?: number; body?: string }[]): Lane {
  const held = messages.map(({ id, kb = 0.3, receiveCount = 1, body }, index) =>
    hold(
      {
        messageId: id,
        receiptHandle: id,
        groupId: user,
        body: body ?? activityBody(user, id, JSON.stringify({ p: "x".repeat(Math.max(0, kb * KB - 300)) })),
        sequenceNumber: String(index),
        receiveCount,
        sentAt: new Date(0),
        attributes: {},
      },
      { receivedAtMs: 0, visibleUntilMs: 30_000, retentionDays: 0 },
    ),
  );
  return { groupId: user, held, state: "idle", notBeforeMs: 0, setbacks: 0, unsure: false };
}
const ids = (batch: ReturnType<typeof chooseBatch>) => batch.parts.map(({ held }) => held.map(({ message }) => message.messageId));

describe("choosing a batch", () => {
  test("takes lanes in turn up to the budget, in order within each", () => {
    const lanes = [lane("a", [{ id: "a1" }, { id: "a2" }]), lane("b", [{ id: "b1" }, { id: "b2" }])];
    const batch = chooseBatch(lanes, { budgetWriteUnits: 3, maxItems: 25 });
    expect(ids(batch)).toEqual([["a1", "a2"], ["b1"]]);
    expect(batch.costWriteUnits).toBe(3);
  });

  test("takes one item at least, however large", () => {
    const batch = chooseBatch([lane("a", [{ id: "a1", kb: 60 }, { id: "a2" }])], { budgetWriteUnits: 0.4, maxItems: 25 });
    expect(ids(batch)).toEqual([["a1"]]);
    expect(batch.costWriteUnits).toBe(60);
  });

  test("never more puts than a batch holds", () => {
    const lanes = Array.from({ length: 40 }, (_, n) => lane(`u${n}`, [{ id: `x${n}` }]));
    expect(chooseBatch(lanes, { budgetWriteUnits: 1_000, maxItems: 25 }).puts).toHaveLength(25);
  });

  test("equal keys are one put of the last content, paid once", () => {
    const same = lane("a", [
      { id: "m1", body: activityBody("a", "same", '{"n":1}') },
      { id: "m2", body: activityBody("a", "same", '{"n":2}') },
    ]);
    const batch = chooseBatch([same], { budgetWriteUnits: 10, maxItems: 25 });
    expect(batch.puts.map(({ item }) => item.properties)).toEqual(['{"n":2}']);
    expect(batch.costWriteUnits).toBe(1);
    expect(same.held.map((held) => batch.putOf.get(held))).toEqual([0, 0]);
  });

  test("stops at what needs more than storing, and says so when that is the head", () => {
    const bad = lane("a", [{ id: "a1" }, { id: "bad", body: "{" }, { id: "a3" }]);
    expect(ids(chooseBatch([bad], { budgetWriteUnits: 10, maxItems: 25 }))).toEqual([["a1"]]);
    expect(needsAttention(bad)).toBe(false);
    expect(needsAttention(lane("a", [{ id: "bad", body: "{" }]))).toBe(true);
    expect(needsAttention(lane("a", [{ id: "again", receiveCount: 2 }]))).toBe(true);
  });
});

describe("several batches for one lease", () => {
  const users = (count: number) => Array.from({ length: count }, (_, index) => lane(`user-${index}`, [{ id: `m${index}` }]));
  const sizes = (batches: ReturnType<typeof chooseBatches>) => batches.map(({ puts }) => puts.length);

  test("each lane is in one of them, and all but the first are full", () => {
    const batches = chooseBatches(users(12), { budgetWriteUnits: 1_000, maxItems: 5, maxBatches: 4 });
    expect(sizes(batches)).toEqual([5, 5]);
    const taken = batches.flatMap(({ parts }) => parts.map((part) => part.lane.groupId));
    expect(new Set(taken).size).toBe(taken.length);
  });

  test("the messages of a lane that did not fit wait for the lane's next turn", () => {
    const long = lane("a", Array.from({ length: 7 }, (_, index) => ({ id: `a${index}` })));
    const batches = chooseBatches([long, ...users(5)], { budgetWriteUnits: 1_000, maxItems: 5, maxBatches: 4 });
    expect(batches.map(ids)).toEqual([[["a0", "a1", "a2", "a3", "a4"]], [["m0"], ["m1"], ["m2"], ["m3"], ["m4"]]]);
  });

  test("together they stay within the budget, but for the one item that is always taken", () => {
    expect(sizes(chooseBatches(users(20), { budgetWriteUnits: 12, maxItems: 5, maxBatches: 4 }))).toEqual([5, 5]);
    expect(sizes(chooseBatches(users(20), { budgetWriteUnits: 0.1, maxItems: 5, maxBatches: 4 }))).toEqual([1]);
  });

  test("no more than may be leased together", () => {
    expect(sizes(chooseBatches(users(20), { budgetWriteUnits: 1_000, maxItems: 2, maxBatches: 3 }))).toEqual([2, 2, 2]);
    expect(chooseBatches([], { budgetWriteUnits: 1_000, maxItems: 2, maxBatches: 3 })).toEqual([]);
  });
});
