import { describe, expect, test } from "vitest";
import { sleep } from "./clock.ts";
import { send } from "./testing/sent.ts";
import { createWorld } from "./testing/world.ts";

describe("stopping", () => {
  test("does not take in again what it has just released", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 10;
    for (let n = 0; n < 500; n += 1) send(world, `u${n}`, [`x${n}`]);
    const real = world.queue.queue.receive;
    // Answers that take a while: several receives are under way at the stop.
    world.queue.queue.receive = async (request, cancel) => {
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 300));
      return await real(request, cancel);
    };
    world.start();
    await world.advance(400);
    const stopped = world.consumer.stop({ deadlineMs: 15_000 });
    await world.advance(4_000);
    expect(await stopped).toEqual({ unfinished: 0 });
    const received = world.queue.log.filter(({ call }) => call === "receive").flatMap(({ messageIds }) => messageIds);
    expect(world.of("released").length).toBeGreaterThan(0);
    expect(new Set(received).size).toBe(received.length);
    expect(world.queue.entries.every(({ visibleAtMs }) => visibleAtMs <= world.clock.monotonic())).toBe(true);
  });

  test("finishes what runs, releases the rest at once, and stores nothing more", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 10;
    for (let n = 0; n < 100; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.start();
    await world.advance(2_000);
    const stopped = world.consumer.stop({ deadlineMs: 15_000 });
    await world.advance(1_000);
    expect(await stopped).toEqual({ unfinished: 0 });
    const stored = world.table.items.size;
    expect(world.queue.deleted()).toHaveLength(stored);
    expect(world.queue.entries.every(({ visibleAtMs }) => visibleAtMs <= world.clock.monotonic())).toBe(true);
    await world.advance(60_000);
    expect(world.table.items.size).toBe(stored);
  });

  test("waits for a receive that is bringing messages, and releases them", async () => {
    const world = createWorld();
    const receive = world.queue.queue.receive;
    world.queue.queue.receive = async (request, cancel) => {
      const messages = await receive(request, cancel);
      await sleep(world.clock, 300);
      cancel?.signal?.throwIfAborted();
      return messages;
    };
    send(world, "a", ["a1", "a2"]);
    world.start();
    await world.advance(100);
    const stopped = world.consumer.stop({ deadlineMs: 15_000 });
    await world.advance(1_000);
    expect(await stopped).toEqual({ unfinished: 0 });
    expect(world.table.items.size).toBe(0);
    expect(world.queue.entries.map(({ visibleAtMs }) => visibleAtMs <= world.clock.monotonic())).toEqual([true, true]);
  });

  test("hangs up on a long poll at once", async () => {
    const world = createWorld();
    world.start();
    await world.advance(5_000);
    const stoppedAtMs = world.clock.monotonic();
    const stopped = world.consumer.stop({ deadlineMs: 15_000 }).then(() => world.clock.monotonic());
    await world.advance(2_000);
    expect((await stopped) - stoppedAtMs).toBeLessThan(200);
  });

  test("what hangs past the deadline is cut off and left", async () => {
    const world = createWorld();
    send(world, "a", ["a1"]);
    world.table.hooks.onBatch = () => new Promise(() => {});
    world.start();
    await world.advance(200);
    const stopped = world.consumer.stop({ deadlineMs: 2_000 });
    await world.advance(5_000);
    expect(await stopped).toEqual({ unfinished: 1 });
    expect(world.queue.deleted()).toEqual([]);
  });
});
