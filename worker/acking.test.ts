import { describe, expect, test } from "vitest";
import { sleep } from "./clock.ts";
import { position, send } from "./testing/sent.ts";
import { activityBody, createWorld, throttle } from "./testing/world.ts";

describe("acking", () => {
  test("does not ack what follows an unstored one, though it is stored", async () => {
    const world = createWorld();
    const [first, second] = send(world, "a", ["a1", "a2"]);
    let refusals = 3;
    world.table.hooks.onPut = async () => {
      refusals -= 1;
      if (refusals >= 0) throw throttle("TableWriteKeyRangeThroughputExceeded");
    };
    world.table.hooks.onBatch = async (items) => {
      const at = items.findIndex((item) => item.id === "a1");
      return refusals >= 0 && at >= 0 ? [at] : [];
    };
    world.start();
    await world.advance(60);
    expect(world.table.writes).toEqual(["a2"]);
    expect(world.queue.deleted()).toEqual([]);
    await world.advance(5_000);
    expect(world.queue.deleted()).toEqual([first, second]);
    expect(world.table.writes).toEqual(["a2", "a1"]);
    expect(world.drain.state.throttles).toBe(0); // one hot key is no throttle of the table
    expect(world.ledger.state.attempts.size).toBe(0);
  });

  test("a failed delete is retried while the handle is good", async () => {
    const world = createWorld();
    const [first, second] = send(world, "a", ["a1", "a2"]);
    world.queue.faults.deletes.set(first ?? "", 2);
    world.start();
    await world.advance(2_000);
    expect(world.queue.deleted()).toEqual([second, first]);
    expect(world.table.writes).toEqual(["a1", "a2"]);
  });

  test("a delete that keeps failing leaves its group to the queue", async () => {
    const world = createWorld();
    const [first] = send(world, "a", ["a1"]);
    world.queue.faults.deletes.set(first ?? "", 1_000);
    world.start();
    await world.advance(10 * 60_000);
    expect(world.queue.deleted()).toEqual([]);
    world.queue.faults.deletes.clear();
    await world.advance(60_000);
    expect(world.queue.deleted()).toEqual([first]);
  });

  test("what is received while a put-off ack of its lane is done is stored, not held for ever", async () => {
    const world = createWorld();
    const { queue, ledger, table, clock } = world;
    queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    const deleteBatch = queue.queue.deleteBatch;
    queue.queue.deleteBatch = async (handles) => {
      const failed = await deleteBatch(handles);
      await sleep(clock, 1_000); // SQS has let the next one of the group out before its answer is here
      return failed;
    };
    table.hooks.onBatch = async () => {
      ledger.state.away = true;
      return [];
    };
    world.start();
    await world.advance(2_000);
    expect(world.of("stored")).toHaveLength(1);
    expect(queue.deleted()).toEqual([]); // not before the ledger has forgotten it
    send(world, "a", ["a2"]);
    table.hooks.onBatch = async () => [];
    ledger.state.away = false;
    await world.advance(20_000);
    expect(table.writes).toEqual(["a1", "a2"]);
    expect(queue.entries).toHaveLength(0);
  });

  test("a redriven message is resolved between its store and its ack", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", redriveOf: "death-1" });
    world.start();
    await world.advance(1_000);
    const resolved = world.events.findIndex((event) => event.event === "redrive_resolved");
    expect(resolved).toBeGreaterThan(position(world, "stored", id));
    expect(position(world, "acked", id)).toBeGreaterThan(resolved);
    expect(world.ledger.state.calls).toContain("resolve death-1");
  });

  test("a redriven message is not acked while its death cannot be resolved, nor written again", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", redriveOf: "death-1" });
    world.ledger.state.away = true;
    world.start();
    await world.advance(20_000);
    expect(world.queue.deleted()).toEqual([]);
    world.ledger.state.away = false;
    await world.advance(6_000);
    expect(world.queue.deleted()).toEqual([id]);
    expect(world.table.writes).toEqual(["a1"]);
  });
});
