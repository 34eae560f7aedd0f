import { describe, expect, test } from "vitest";
import { send } from "./testing/sent.ts";
import { createWorld } from "./testing/world.ts";

describe("receiving", () => {
  test("holds no more than can be stored in five seconds at its share", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 20;
    world.consumer.core.liveWorkers = 2;
    for (let n = 0; n < 400; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.start();
    for (let step = 0; step < 100; step += 1) {
      await world.advance(50);
      expect(world.consumer.core.lanes.buffered().messages).toBeLessThanOrEqual(60);
    }
    expect(world.table.items.size).toBeGreaterThan(80);
  });

  test("a lost answer is asked for again by the same attempt id", async () => {
    const world = createWorld();
    send(world, "a", ["a1"]);
    world.queue.faults.receives = 2;
    world.start();
    await world.advance(2_000);
    expect(new Set(world.queue.attemptIds.slice(0, 3)).size).toBe(1);
    expect(world.table.writes).toEqual(["a1"]);
  });

  test("an idle worker holds one long poll and takes no lease", async () => {
    const world = createWorld();
    world.start();
    await world.advance(60_000);
    expect(world.queue.attemptIds.length).toBeLessThanOrEqual(4);
    expect(world.of("lease_granted")).toEqual([]);
  });

  test("keeps the rate: no second above it by more than a lease", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 150;
    for (let n = 0; n < 1_000; n += 1) send(world, `u${n % 50}`, [`x${n}`]);
    const at: number[] = [];
    world.table.hooks.onBatch = async (items) => {
      for (const _ of items) at.push(world.clock.monotonic());
      return [];
    };
    world.start();
    await world.advance(6_000);
    const perSecond = [1, 2, 3, 4].map((second) => at.filter((ms) => ms >= second * 1000 && ms < second * 1000 + 1000).length);
    for (const count of perSecond) {
      expect(count).toBeGreaterThanOrEqual(143);
      expect(count).toBeLessThanOrEqual(157);
    }
  });
});

describe("without Postgres", () => {
  test("goes on at no more than its last average for five minutes, then pauses, and goes on when it is back", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 4;
    for (let n = 0; n < 1_600; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.start();
    await world.advance(20_000);
    const before = world.table.items.size;
    world.drain.state.away = true;
    await world.advance(100_000);
    const during = world.table.items.size - before;
    expect(during).toBeGreaterThan(340);
    expect(during).toBeLessThanOrEqual(408);
    await world.advance(210_000);
    expect(world.of("draining_paused")).toHaveLength(1);
    const paused = world.table.items.size;
    await world.advance(60_000);
    expect(world.table.items.size).toBe(paused);
    world.drain.state.away = false;
    world.consumer.core.leaser.seen({ effectiveWcuPerSecond: 4, version: 1 });
    await world.advance(10_000);
    expect(world.table.items.size).toBeGreaterThan(paused);
  }, 60_000);
});
