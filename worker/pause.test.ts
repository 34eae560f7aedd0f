import { describe, expect, test } from "vitest";
import { activityBody, createWorld, throttle } from "./testing/world.ts";

type World = ReturnType<typeof createWorld>;

function send(world: World, user: string, count: number): void {
  for (let n = 0; n < count; n += 1) world.queue.send(activityBody(user, `${user}-${n}`), { groupId: user });
}
/** As worker/report.ts does when it reads the row. */
function read(world: World, rateWcuPerSecond: number): void {
  Object.assign(world.drain.row, { rateWcuPerSecond, version: world.drain.row.version + 1 });
  world.consumer.core.leaser.seen({ effectiveWcuPerSecond: rateWcuPerSecond, version: world.drain.row.version, override: null });
  world.consumer.core.notify();
}
const receives = (world: World) => world.queue.log.filter(({ call }) => call === "receive").length;

describe("a pause", () => {
  test("starts no write any more, receives nothing new, releases what is held, and spends no attempt", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 20;
    for (let user = 0; user < 100; user += 1) send(world, `u${user}`, 5);
    world.start();
    await world.advance(3_000);
    read(world, 0);
    // A receive under way may still bring something; it is not stored.
    await world.advance(500);
    const [stored, asked] = [world.table.items.size, receives(world)];
    const held = world.consumer.core.lanes.buffered().messages;
    const acked = world.queue.deleted().length;
    expect(stored).toBeGreaterThan(30);
    expect(held).toBeGreaterThan(0);
    await world.advance(40_000);
    expect(world.table.items.size).toBe(stored);
    expect(receives(world)).toBe(asked);
    expect(world.consumer.core.lanes.size()).toBe(0);
    expect(world.of("released").every(({ why }) => why === "paused")).toBe(true);
    expect(world.of("released").flatMap(({ messageIds }) => messageIds)).toHaveLength(held);
    // What was stored is acked and not stored again.
    expect(acked).toBeLessThanOrEqual(stored);
    expect(world.queue.deleted()).toHaveLength(stored);
    expect(world.ledger.state.attempts.size).toBe(0);
    expect(world.queue.entries.every(({ visibleAtMs }) => visibleAtMs <= world.clock.monotonic())).toBe(true);
  });

  test("ends with everything stored in order", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 50;
    for (const user of ["a", "b", "c"]) send(world, user, 40);
    world.start();
    await world.advance(1_000);
    read(world, 0);
    await world.advance(30_000);
    read(world, 50);
    await world.advance(30_000);
    expect(world.queue.entries).toHaveLength(0);
    for (const user of ["a", "b", "c"]) {
      const order = world.table.writes.filter((id) => id.startsWith(user)).map((id) => Number(id.split("-")[1]));
      expect(order.filter((n, at) => order.indexOf(n) === at)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    }
    expect(world.ledger.state.attempts.size).toBe(0);
  });

  test("ends the retries of a batch that came back unprocessed, too", async () => {
    const world = createWorld();
    for (let user = 0; user < 5; user += 1) send(world, `u${user}`, 1);
    let puts = 0;
    world.table.hooks.onBatch = async (items) => {
      // The pause comes while the table takes its time.
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 3_000));
      return items.map((_, position) => position);
    };
    world.table.hooks.onPut = async () => {
      puts += 1;
    };
    world.start();
    await world.advance(1_000);
    read(world, 0);
    await world.advance(10_000);
    expect(puts).toBe(0);
    expect(world.table.items.size).toBe(0);
  });
});

test("a lease that a stop of the process has made late is given up, not written late", async () => {
  const world = createWorld();
  world.drain.row.rateWcuPerSecond = 10;
  for (let user = 0; user < 10; user += 1) send(world, `u${user}`, 1);
  const monotonic = world.clock.monotonic;
  const stop = { ms: 0, atEvent: -1 };
  world.clock.monotonic = () => monotonic() + stop.ms;
  const lease = world.drain.drain.lease;
  world.consumer.core.drain.lease = async (asked) => {
    const answer = await lease(asked);
    if (!answer.granted || stop.atEvent >= 0) return answer;
    // The process stands still for five seconds while its first lease waits for its start.
    world.clock.setTimer(() => Object.assign(stop, { ms: 5_000, atEvent: world.events.length }), 20);
    return { ...answer, startInMs: answer.startInMs + 50 };
  };
  world.start();
  await world.advance(20_000);
  expect(stop.atEvent).toBeGreaterThan(0);
  const steps = (from: number, to?: number) => world.events.slice(from, to).flatMap(({ event }) => (event === "lease_granted" || event === "storing" ? [event] : []));
  expect(steps(0, stop.atEvent)).toContain("lease_granted");
  expect(steps(0, stop.atEvent)).not.toContain("storing");
  expect(steps(stop.atEvent)[0]).toBe("lease_granted");
  expect(world.table.items.size).toBe(10);
});

test("a machine that is always late still stores", async () => {
  const world = createWorld();
  for (let user = 0; user < 3; user += 1) send(world, `u${user}`, 2);
  const setTimer = world.clock.setTimer;
  world.clock.setTimer = (callback, ms) => setTimer(callback, ms + 1_500);
  const lease = world.drain.drain.lease;
  world.consumer.core.drain.lease = async (asked) => {
    const answer = await lease(asked);
    return answer.granted ? { ...answer, startInMs: answer.startInMs + 50 } : answer;
  };
  world.start();
  await world.advance(120_000);
  expect(world.table.items.size).toBe(6);
});

test("one hot key takes none of the others' rate, however long it is throttled", async () => {
  const world = createWorld();
  world.drain.row.rateWcuPerSecond = 50;
  send(world, "hot", 30);
  for (let user = 0; user < 60; user += 1) send(world, `u${user}`, 10);
  world.table.hooks.onBatch = async (items) => items.flatMap((item, at) => (item.userId === "hot" ? [at] : []));
  world.table.hooks.onPut = async (item) => {
    if (item.userId === "hot") throw throttle("TableWriteKeyRangeThroughputExceeded");
  };
  world.start();
  await world.advance(10_000);
  expect(world.table.items.size).toBeGreaterThan(50 * 10 * 0.9);
  expect(world.drain.state.throttles).toBe(0);
  expect(world.ledger.state.attempts.size).toBe(0);
  expect(world.queue.entries.filter(({ groupId }) => groupId === "hot")).toHaveLength(30);
});

test("a table that charges twice as much, for an index, is written at half the items: the rate is what it charges", async () => {
  const world = createWorld();
  world.drain.row.rateWcuPerSecond = 100;
  for (let user = 0; user < 60; user += 1) send(world, `u${user}`, 20);
  const putBatch = world.table.table.putBatch;
  const charged: { atMs: number; units: number }[] = [];
  world.consumer.core.table.putBatch = async (items, signal) => {
    const answer = await putBatch(items, signal);
    charged.push({ atMs: world.clock.monotonic(), units: answer.consumedWriteUnits * 2 });
    return { ...answer, consumedWriteUnits: answer.consumedWriteUnits * 2 };
  };
  world.start();
  await world.advance(12_000);
  const inSecond = (second: number) => charged.filter(({ atMs }) => Math.floor(atMs / 1000) === second).reduce((sum, { units }) => sum + units, 0);
  for (let second = 2; second < 11; second += 1) {
    expect(inSecond(second)).toBeGreaterThanOrEqual(90);
    expect(inSecond(second)).toBeLessThanOrEqual(108);
  }
});
