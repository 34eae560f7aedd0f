import { describe, expect, test } from "vitest";
import { send } from "./testing/sent.ts";
import { createWorld, rejection } from "./testing/world.ts";

describe("failing", () => {
  test("one bad item is found alone; it waits with its followers, then dies and they are stored", async () => {
    const world = createWorld();
    const [bad, follower] = send(world, "a", ["bad", "a2"]);
    const [other] = send(world, "b", ["b1"]);
    const refuse = async (items: readonly { id: string }[]) => {
      if (items.some(({ id }) => id === "bad")) throw rejection();
    };
    world.table.hooks.onBatch = async (items) => {
      await refuse(items);
      return [];
    };
    world.table.hooks.onPut = (item) => refuse([item]);
    world.start();
    await world.advance(1_000);
    expect(world.queue.deleted()).toEqual([other]);
    expect(world.table.writes).toEqual(["b1"]);
    expect(world.queue.visibilityOf(bad ?? "")).toEqual([2]);
    expect(world.queue.visibilityOf(follower ?? "")).toEqual([2]);
    await world.advance(60_000);
    expect(world.ledger.state.attempts.get(bad ?? "")).toBe(5);
    expect(world.ledger.state.attempts.has(follower ?? "")).toBe(false);
    expect(world.ledger.state.calls).toContain(`die ${bad} rejected_by_table`);
    expect(world.queue.visibilityOf(bad ?? "")).toEqual([2, 4, 8, 16]);
    expect(world.queue.deleted()).toEqual([other, bad, follower]);
    expect(world.table.writes).toEqual(["b1", "a2"]);
  });

  test("a malformed body dies at once, in its turn", async () => {
    const world = createWorld();
    const [first] = send(world, "a", ["a1"]);
    const malformed = world.queue.send("{", { groupId: "a" });
    const [last] = send(world, "a", ["a2"]);
    world.start();
    await world.advance(2_000);
    expect(world.ledger.state.calls).toContain(`die ${malformed} malformed`);
    expect(world.queue.deleted()).toEqual([first, malformed, last]);
    expect(world.table.writes).toEqual(["a1", "a2"]);
  });

  test("an unknown version dies after the allowed attempts", async () => {
    const world = createWorld({ attempts: 3 });
    const id = world.queue.send('{"v":99}', { groupId: "a" });
    world.start();
    await world.advance(3_000);
    expect(world.ledger.state.attempts.get(id)).toBe(2);
    await world.advance(20_000);
    expect(world.ledger.state.calls).toContain(`die ${id} unknown_version`);
    expect(world.queue.deleted()).toEqual([id]);
  });

  test("while Postgres is away nothing dies; the message comes back uncounted", async () => {
    const world = createWorld();
    const id = world.queue.send("{", { groupId: "a" });
    world.ledger.state.away = true;
    world.start();
    await world.advance(60_000);
    expect(world.queue.deleted()).toEqual([]);
    expect(world.ledger.state.attempts.size).toBe(0);
    world.ledger.state.away = false;
    await world.advance(30_000);
    expect(world.queue.deleted()).toEqual([id]);
  });

  test("an outage of the table spends no attempts and stops receiving", async () => {
    const world = createWorld();
    for (let n = 0; n < 40; n += 1) send(world, `u${n}`, [`x${n}`]);
    let down = true;
    world.table.hooks.onBatch = async () => {
      if (down) throw Object.assign(new Error("down"), { name: "InternalServerError", $metadata: { httpStatusCode: 500 } });
      return [];
    };
    world.start();
    await world.advance(60_000);
    const receives = world.queue.log.filter(({ call }) => call === "receive").length;
    await world.advance(120_000);
    expect(world.queue.log.filter(({ call }) => call === "receive")).toHaveLength(receives);
    down = false;
    await world.advance(60_000);
    expect(world.queue.entries).toHaveLength(0);
    expect(world.ledger.state.attempts.size).toBe(0);
  });
});

describe("a moment in which the table answers nobody", () => {
  test("holds up what was under way and nothing else: the pause does not grow with how much that was", async () => {
    const world = createWorld();
    for (let n = 0; n < 40; n += 1) send(world, `u${n}`, [`x${n}`]);
    let silent = true;
    world.table.hooks.onBatch = (_items, signal) =>
      silent ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(Object.assign(new Error("aborted"), { name: "AbortError" })))) : Promise.resolve([]);
    world.start();
    await world.advance(6_000);
    silent = false;
    await world.advance(4_000);
    expect(world.of("table_unavailable").length).toBeGreaterThan(1);
    expect(world.of("table_unavailable").every(({ retryInMs }) => retryInMs <= 100)).toBe(true);
    const late = send(world, "late", ["late"]);
    await world.advance(1_000);
    expect(world.queue.deleted()).toEqual(expect.arrayContaining(late));
    await world.advance(30_000);
    expect(world.queue.entries).toHaveLength(0);
  });
});

describe("a fault of our own code", () => {
  test("lets go of what its turn held: nothing is acked, the queue brings it back, and it is stored", async () => {
    const world = createWorld();
    const [first] = send(world, "a", ["a1"]);
    send(world, "b", ["b1"]);
    const { samples } = world.consumer.core;
    const count = samples.count.bind(samples);
    let faults = 1;
    samples.count = (what, by) => {
      if (what === "stored" && (faults -= 1) >= 0) throw new TypeError("planted");
      count(what, by);
    };
    world.start();
    await world.advance(5_000);
    expect(world.of("fault")).toMatchObject([{ where: "batch", error: "TypeError: planted" }]);
    expect(world.queue.deleted()).toEqual([]);
    expect(world.consumer.core.lanes.size()).toBe(0);
    await world.advance(40_000);
    expect(world.queue.deleted()).toContain(first);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("lets go of a redelivery whose preparation it was", async () => {
    const world = createWorld();
    const id = world.queue.send("not an activity", { groupId: "a" });
    const { samples } = world.consumer.core;
    const count = samples.count.bind(samples);
    let faults = 1;
    samples.count = (what, by) => {
      if (what === "failed" && (faults -= 1) >= 0) throw new TypeError("planted");
      count(what, by);
    };
    world.start();
    await world.advance(5_000);
    expect(world.of("fault")).toMatchObject([{ where: "attend" }]);
    expect(world.consumer.core.lanes.size()).toBe(0);
    await world.advance(40_000);
    expect(world.queue.deleted()).toEqual([id]);
  });
});
