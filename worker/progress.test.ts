import { expect, test } from "vitest";
import type { PassedReport } from "#lib/gateways/user-progress.ts";
import { createProgress } from "./progress.ts";
import { activityBody, createWorld, throttle } from "./testing/world.ts";

/** What the worker of a world would tell now, by user. */
async function told(world: ReturnType<typeof createWorld>): Promise<Record<string, Omit<PassedReport, "userHash">>> {
  const rows: PassedReport[] = [];
  await world.consumer.core.progress.flush({ report: async (batch) => void rows.push(...batch.rows), nowMs: world.clock.monotonic() });
  return Object.fromEntries(rows.map(({ userHash, ...row }) => [userHash, row]));
}
const sequence = (messageId: string) => messageId.slice(1).padStart(20, "0");

test("a user is complete through the last message that was acked, and counts say what became of each", async () => {
  const world = createWorld();
  const ids = ["1", "2", "3"].map((id) => world.queue.send(activityBody("u", id), { groupId: "u" }));
  world.queue.send(activityBody("v", "4"), { groupId: "v" });
  world.start();
  await world.advance(2_000);
  expect(await told(world)).toEqual({
    u: { through: { sequence: sequence(ids[2] ?? ""), sentAt: expect.any(Date) }, passed: 3, stored: 3, failed: 0, dead: 0 },
    v: { through: { sequence: sequence("m4"), sentAt: expect.any(Date) }, passed: 1, stored: 1, failed: 0, dead: 0 },
  });
  expect(await told(world)).toEqual({});
});

test("a message that was not deleted while a later one was holds the user back", async () => {
  const world = createWorld();
  const [first, second] = ["1", "2"].map((id) => world.queue.send(activityBody("u", id), { groupId: "u" }));
  const { queue } = world.queue;
  const deleteBatch = queue.deleteBatch.bind(queue);
  queue.deleteBatch = async (handles, cancel) => {
    const refused = handles.findIndex((handle) => handle === `${first}/1`);
    await deleteBatch(handles.toSpliced(refused, refused < 0 ? 0 : 1), cancel);
    return new Map(refused < 0 ? [] : [[refused, "ReceiptHandleIsInvalid"]]);
  };
  world.start();
  await world.advance(2_000);
  expect(world.queue.deleted()).toEqual([second]);
  // What was deleted counts, but nothing is complete through it.
  expect((await told(world)).u).toMatchObject({ through: null, passed: 1 });
  await world.advance(60_000);
  expect(world.queue.deleted()).toEqual([second, first]);
  expect((await told(world)).u).toMatchObject({ through: { sequence: sequence(first ?? "") }, passed: 1 });
});

test("an ack that is answered when the message may be another worker's is told to nobody", async () => {
  const world = createWorld({ visibilitySeconds: 4, storeTimeoutMs: 1_000 });
  const id = world.queue.send(activityBody("u", "1"), { groupId: "u" });
  const { queue } = world.queue;
  const deleteBatch = queue.deleteBatch.bind(queue);
  // The process stands still between the call and its answer.
  queue.deleteBatch = async (...call) => {
    const failed = await deleteBatch(...call);
    await new Promise<void>((resolve) => world.clock.setTimer(resolve, 4_500));
    return failed;
  };
  world.start();
  await world.advance(8_000);
  expect(world.queue.deleted()).toEqual([id]);
  expect((await told(world)).u ?? { passed: 0 }).toMatchObject({ passed: 0 });
});

test("nor does a later message of the lane, surely acked, make up for it: the one before may still be there", async () => {
  const world = createWorld({ visibilitySeconds: 4, storeTimeoutMs: 1_000 });
  const [first, second] = ["1", "2"].map((id) => world.queue.send(activityBody("u", id), { groupId: "u" }));
  const { queue } = world.queue;
  const deleteBatch = queue.deleteBatch.bind(queue);
  queue.deleteBatch = async (handles, cancel) => {
    const failed = await deleteBatch(handles, cancel);
    if (handles.includes(`${first}/1`)) await new Promise<void>((resolve) => world.clock.setTimer(resolve, 4_500));
    return failed;
  };
  let refusals = 2;
  const refuse = () => (refusals -= 1) >= 0;
  world.table.hooks.onBatch = async (items) => {
    const at = items.findIndex(({ id }) => id === "2");
    return at >= 0 && refuse() ? [at] : [];
  };
  world.table.hooks.onPut = async ({ id }) => {
    if (id === "2" && refuse()) throw throttle("TableWriteKeyRangeThroughputExceeded");
  };
  world.start();
  await world.advance(20_000);
  expect(world.queue.deleted()).toEqual([first, second]);
  expect((await told(world)).u).toMatchObject({ through: null, passed: 1 });
});

test("a dead message has passed, its failed attempts count, and a follower moves the user on", async () => {
  const world = createWorld({ attempts: 1 });
  world.queue.send(activityBody("u", "bad"), { groupId: "u" });
  world.queue.send(activityBody("u", "good"), { groupId: "u" });
  world.table.reject("bad");
  world.start();
  await world.advance(10_000);
  expect((await told(world)).u).toEqual({ through: { sequence: sequence("m2"), sentAt: expect.any(Date) }, passed: 2, stored: 1, failed: 1, dead: 1 });
});

test("a message that waits for its next attempt holds its user back, with all that follow it", async () => {
  const world = createWorld();
  world.queue.send(activityBody("u", "1"), { groupId: "u" });
  world.queue.send(activityBody("u", "bad"), { groupId: "u" });
  world.queue.send(activityBody("u", "3"), { groupId: "u" });
  world.table.reject("bad");
  world.start();
  await world.advance(1_500);
  expect((await told(world)).u).toMatchObject({ through: { sequence: sequence("m1") }, passed: 1, dead: 0 });
});

test("a redriven message is stored and moves its user on, but was counted in by nobody", async () => {
  const world = createWorld();
  world.queue.send(activityBody("u", "1"), { groupId: "u", redriveOf: "death" });
  world.start();
  await world.advance(2_000);
  expect((await told(world)).u).toMatchObject({ through: { sequence: sequence("m1") }, passed: 0, stored: 1 });
});

test("what SQS would never send is told as lost, and users beyond the bound are", async () => {
  const progress = createProgress();
  const message = (groupId: string, sequenceNumber = "1") => ({ groupId, sequenceNumber, sentAt: new Date(0) });
  const how = { fate: "stored", through: true, redriven: false } as const;
  progress.passed(message("u", ""), how);
  for (let user = 0; user < 10_005; user += 1) progress.passed(message(`u${user}`), how);
  progress.failed("u0");
  let [rows, lost] = [0, 0];
  await progress.flush({
    report: async (batch) => {
      rows += batch.rows.length;
      lost += batch.lost;
      expect(batch.rows.length).toBeLessThanOrEqual(2_000);
    },
    nowMs: 0,
    final: true,
  });
  expect({ rows, lost }).toEqual({ rows: 10_000, lost: 6 });
});
