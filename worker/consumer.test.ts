import { describe, expect, test } from "vitest";
import { sleep } from "./clock.ts";
import { activityBody, createWorld, rejection, throttle } from "./testing/world.ts";

type World = ReturnType<typeof createWorld>;

/** Sends activities of one user. @returns their MessageIds. */
const send = (world: World, user: string, ids: string[]) => ids.map((id) => world.queue.send(activityBody(user, id), { groupId: user }));
const position = (world: World, event: string, messageId: string) =>
  world.events.findIndex((one) => one.event === event && "messageIds" in one && one.messageIds.includes(messageId));

describe("storing and acking", () => {
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

describe("redeliveries", () => {
  test("leave a mark before they are stored, and are forgotten before the ack", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    world.start();
    await world.advance(1_000);
    const marked = world.events.findIndex((event) => event.event === "redelivered" && event.messageId === id);
    expect(marked).toBeGreaterThanOrEqual(0);
    expect(position(world, "storing", id)).toBeGreaterThan(marked);
    expect(world.ledger.state.calls).toContain(`clear ${id}`);
    expect(world.queue.deleted()).toEqual([id]);
  });

  test("with a mark already on it, one is handled with nothing else in the process", async () => {
    const world = createWorld();
    for (let n = 0; n < 20; n += 1) send(world, `u${n}`, [`x${n}`]);
    const lone = world.queue.send(activityBody("killer", "k1"), { groupId: "killer", receiveCount: 2 });
    for (let n = 20; n < 40; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.ledger.state.marks.set(lone, 1);
    let storing = 0;
    let together = 0;
    world.table.hooks.onBatch = async (items) => {
      storing += 1;
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 30));
      if (items.some(({ id }) => id === "k1")) together = Math.max(together, storing, items.length);
      storing -= 1;
      return [];
    };
    world.start();
    await world.advance(5_000);
    expect(together).toBe(1);
    expect(world.of("storing").filter(({ alone }) => alone)).toMatchObject([{ messageIds: [lone] }]);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("a lone handling is over, its mark gone, before the next one begins: it is no bystander of a killer", async () => {
    const world = createWorld();
    const marked = ["bystander", "killer"].map((user) => {
      const id = world.queue.send(activityBody(user, user), { groupId: user, receiveCount: 2 });
      world.ledger.state.marks.set(id, 1);
      return id;
    });
    send(world, "bystander", ["follower"]);
    const marksWhenStored: string[][] = [];
    world.table.hooks.onBatch = async (items) => {
      if (items.some(({ id }) => id === "killer")) marksWhenStored.push([...world.ledger.state.marks.keys()]);
      return [];
    };
    world.start();
    await world.advance(5_000);
    expect(marksWhenStored).toEqual([[marked[1]]]);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("one with a death row is completed and not handled", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    const [next] = send(world, "a", ["a2"]);
    world.ledger.state.deaths.set(id, { messageId: id } as never);
    world.start();
    await world.advance(1_000);
    expect(world.ledger.state.calls).toContain(`complete ${id}`);
    expect(world.table.writes).toEqual(["a2"]);
    expect(world.queue.deleted()).toEqual([id, next]);
  });

  test("are not handled while Postgres is away", async () => {
    const world = createWorld();
    world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    send(world, "b", ["b1"]);
    world.ledger.state.away = true;
    world.start();
    await world.advance(5_000);
    expect(world.table.writes).toEqual(["b1"]);
  });
});

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
