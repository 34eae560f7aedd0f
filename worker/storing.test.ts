import { describe, expect, test } from "vitest";
import { position, send } from "./testing/sent.ts";
import { activityBody, createWorld, throttle } from "./testing/world.ts";

describe("storing", () => {
  test("stores everything in order per user and acks after the store", async () => {
    const world = createWorld();
    const ids = ["a", "b", "c"].flatMap((user) => send(world, user, Array.from({ length: 12 }, (_, n) => `${user}${n}`)));
    world.start();
    await world.advance(3_000);
    expect(world.queue.entries).toHaveLength(0);
    expect(world.table.items.size).toBe(36);
    for (const user of ["a", "b", "c"]) {
      const written = world.table.writes.filter((id) => id.startsWith(user));
      expect(written).toEqual(Array.from({ length: 12 }, (_, n) => `${user}${n}`));
    }
    for (const id of ids) {
      expect(position(world, "stored", id)).toBeGreaterThanOrEqual(0);
      expect(position(world, "acked", id)).toBeGreaterThan(position(world, "stored", id));
    }
  });

  test("a hot key's throttle slows that user only", async () => {
    const world = createWorld();
    send(world, "hot", ["h1"]);
    send(world, "cold", ["c1", "c2"]);
    world.table.hooks.onBatch = async (items) => items.flatMap((item, at) => (item.userId === "hot" ? [at] : []));
    world.table.hooks.onPut = async () => {
      throw throttle("TableWriteKeyRangeThroughputExceeded");
    };
    world.start();
    await world.advance(2_000);
    expect(world.table.writes).toEqual(["c1", "c2"]);
    expect(world.queue.entries.map(({ groupId }) => groupId)).toEqual(["hot"]);
    expect(world.drain.state.throttles).toBe(0);
  });

  test("what a hot key holds back fills no room that others need", async () => {
    const world = createWorld();
    const large = JSON.stringify({ p: "x".repeat(60_000) });
    for (const id of ["h1", "h2", "h3", "h4", "h5", "h6"]) world.queue.send(activityBody("hot", id, large), { groupId: "hot" });
    world.table.hooks.onBatch = async (items) => items.flatMap((item, at) => (item.userId === "hot" ? [at] : []));
    world.table.hooks.onPut = async () => {
      throw throttle("TableWriteKeyRangeThroughputExceeded");
    };
    world.start();
    await world.advance(60_000);
    const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
    for (const id of ids) send(world, `user-${id}`, [id]);
    await world.advance(5_000);
    expect(world.table.writes.toSorted()).toEqual(ids.toSorted());
  });

  test("a throttled table is told to the drain row and spends no attempt", async () => {
    const world = createWorld();
    send(world, "a", ["a1"]);
    let throttled = true;
    world.table.hooks.onBatch = async () => {
      if (throttled) throw throttle("TableWriteProvisionedThroughputExceeded");
      return [];
    };
    world.start();
    await world.advance(60_000);
    expect(world.drain.state.throttles).toBeGreaterThan(0);
    expect(world.ledger.state.attempts.size).toBe(0);
    expect(world.queue.log.filter(({ call }) => call === "receive")).toHaveLength(1); // held on to by renewing its visibility
    throttled = false;
    await world.advance(6_000);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("after ten minutes of throttling it lets go, uncounted", async () => {
    const world = createWorld();
    send(world, "a", ["a1"]);
    world.table.hooks.onBatch = async () => {
      throw throttle("TableWriteProvisionedThroughputExceeded");
    };
    world.start();
    await world.advance(10 * 60_000 + 5_000);
    expect(world.of("released")).toMatchObject([{ why: "held_too_long" }]);
    expect(world.ledger.state.attempts.size).toBe(0);
  });

  test("equal keys in one batch are one put, of the last one's content", async () => {
    const world = createWorld();
    world.queue.send(activityBody("a", "same", '{"n":1}'), { groupId: "a" });
    world.queue.send(activityBody("a", "same", '{"n":2}'), { groupId: "a" });
    world.start();
    await world.advance(1_000);
    expect(world.table.writes).toEqual(["same"]);
    expect(world.table.items.get("a same")?.properties).toBe('{"n":2}');
    expect(world.queue.entries).toHaveLength(0);
  });

  test("a store without an answer is neither acked nor nacked, its followers neither; it comes back", async () => {
    const world = createWorld();
    const ids = send(world, "a", ["a1", "a2"]);
    let hang = true;
    let cancelled = 0;
    world.table.hooks.onBatch = (_items, signal) =>
      hang
        ? new Promise((_, reject) => {
            signal?.addEventListener("abort", () => {
              cancelled += 1;
              reject(Object.assign(new Error("aborted"), { name: "AbortError" }));
            });
          })
        : Promise.resolve([]);
    world.start();
    await world.advance(9_500);
    expect(cancelled).toBe(1);
    expect(world.of("left")).toMatchObject([{ why: "unknown_store", messageIds: ids }]);
    expect(world.queue.log.filter(({ call }) => call !== "receive")).toEqual([]);
    hang = false;
    await world.advance(30_000);
    expect(world.table.writes).toEqual(["a1", "a2"]);
    expect(world.queue.deleted()).toEqual(ids);
  });
});
