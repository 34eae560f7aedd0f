import type { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { send } from "./testing/sent.ts";
import { activityBody, createWorld, rejection, type World } from "./testing/world.ts";

const numbered = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name}${n}`);
const pause = (world: World, ms: number) => new Promise<void>((resolve) => world.clock.setTimer(resolve, ms));

/** Refuses one item, as the table refuses a bad one: whole batches with it, and it alone. */
function refuse(world: World, isBad: (id: string) => boolean): void {
  world.table.hooks.onBatch = async (items) => {
    if (items.some(({ id }) => isBad(id))) throw rejection();
    return [];
  };
  world.table.hooks.onPut = async ({ id }) => {
    if (isBad(id)) throw rejection();
  };
}

/** What users of other consumers suffer from, one test for each. */
describe("failings of other consumers", () => {
  test("followers dead-lettered untried: only what failed itself dies, everything behind it is tried and stored", async () => {
    const world = createWorld();
    const [poison] = send(world, "a", ["poison", ...numbered(99, "f")]);
    refuse(world, (id) => id === "poison");
    world.start();
    await world.advance(120_000);
    expect(world.ledger.state.calls.filter((call) => call.startsWith("die "))).toEqual([`die ${poison} rejected_by_table`]);
    expect(Array.from(world.ledger.state.attempts.keys())).toEqual([poison]);
    expect(world.table.writes).toEqual(numbered(99, "f"));
    expect(world.queue.entries).toHaveLength(0);
  });

  test("a group blocked after an error until the longest visibility ends: a failed message and its followers wait for the same short time", async () => {
    const world = createWorld({ visibilitySeconds: 600, storeTimeoutMs: 8_000 });
    const messages = send(world, "a", numbered(10, "a"));
    let failures = 1;
    refuse(world, (id) => id === "a0" && (failures -= 1) >= -1); // the batch, and then it alone
    world.start();
    await world.advance(10_000);
    const delays = messages.map((id) => world.queue.visibilityOf(id)[0]);
    expect(delays[0]).toBeLessThanOrEqual(3);
    expect(new Set(delays).size).toBe(1);
    expect(world.table.writes).toEqual(numbered(10, "a"));
    expect(world.queue.entries).toHaveLength(0);
  });

  test("max N per second: no second sees more than the rate and a lease", async () => {
    const world = createWorld();
    world.drain.row.rateWcuPerSecond = 60;
    for (let n = 0; n < 600; n += 1) send(world, `u${n % 60}`, [`x${n}`]);
    const atMs: number[] = [];
    world.table.hooks.onBatch = async (items) => {
      for (const _ of items) atMs.push(world.clock.monotonic());
      return [];
    };
    world.start();
    await world.advance(9_000);
    const worst = Math.max(...atMs.map((from) => atMs.filter((ms) => ms >= from && ms < from + 1_000).length));
    expect(worst).toBeLessThanOrEqual(66);
    expect(atMs.length).toBeGreaterThanOrEqual(8 * 60);
  });

  test("group parallelism: users are stored side by side, one user never twice at once", async () => {
    const world = createWorld();
    for (let n = 0; n < 20; n += 1) for (let user = 0; user < 80; user += 1) send(world, `u${user}`, [`u${user}-${n}`]);
    const open = new Map<string, number>();
    let mostUsers = 0;
    let mostOfOne = 0;
    world.table.hooks.onBatch = async (items) => {
      const users = new Set(items.map(({ userId }) => userId));
      for (const user of users) open.set(user, (open.get(user) ?? 0) + 1);
      mostUsers = Math.max(mostUsers, Array.from(open.values()).filter((count) => count > 0).length);
      mostOfOne = Math.max(mostOfOne, ...open.values());
      await pause(world, 80);
      for (const user of users) open.set(user, (open.get(user) ?? 0) - 1);
      return [];
    };
    world.start();
    await world.advance(10_000);
    expect(mostUsers).toBeGreaterThan(10);
    expect(mostOfOne).toBe(1);
    for (let user = 0; user < 80; user += 1) expect(world.table.writes.filter((id) => id.startsWith(`u${user}-`))).toEqual(numbered(20, `u${user}-`));
  });

  test("a timeout that does not cancel: a store past its time is aborted, long before the message can come again", async () => {
    const world = createWorld();
    const [id] = send(world, "a", ["a1"]);
    let running = 0;
    let overlaps = 0;
    let calls = 0;
    world.table.hooks.onBatch = (_items, signal) => {
      calls += 1;
      overlaps += running > 0 ? 1 : 0;
      if (calls > 1) return Promise.resolve([]);
      running += 1;
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => {
          running -= 1;
          reject(Object.assign(new Error("aborted"), { name: "AbortError" }));
        });
      });
    };
    world.start();
    await world.advance(9_000);
    expect(running).toBe(0);
    await world.advance(40_000);
    expect(calls).toBe(2);
    expect(overlaps).toBe(0);
    expect(world.queue.deleted()).toEqual([id]);
  });

  test("polling that silently stops: a receive that is never answered, and deaf to its signal, is given up and asked again", async () => {
    const world = createWorld();
    const real = world.queue.queue.receive;
    const attemptIds: string[] = [];
    world.queue.queue.receive = (request, cancel) => {
      attemptIds.push(request.attemptId);
      return attemptIds.length === 1 ? new Promise(() => {}) : real(request, cancel);
    };
    send(world, "a", ["a1"]);
    world.start();
    await world.advance(29_000);
    expect(attemptIds).toHaveLength(1);
    await world.advance(5_000);
    expect(world.table.writes).toEqual(["a1"]);
    expect(attemptIds.length).toBeGreaterThan(1);
    expect(world.of("receive_failed")).toHaveLength(1);
  });

  test("heartbeating abandoned messages: what is let go is never renewed again", async () => {
    const world = createWorld();
    const [hung, follower] = send(world, "hung", ["h1", "h2"]);
    const [failed] = send(world, "failed", ["bad"]);
    let hang = true;
    world.table.hooks.onBatch = async (items) => {
      if (items.some(({ id }) => id === "bad")) throw rejection();
      if (hang) await new Promise(() => {});
      return [];
    };
    world.table.hooks.onPut = async ({ id }) => {
      if (id === "bad") throw rejection();
      if (hang) await new Promise(() => {});
    };
    world.start();
    await world.advance(12_000);
    const leftAt = world.events.findIndex((event) => event.event === "left" && event.messageIds.includes(hung ?? ""));
    expect(leftAt).toBeGreaterThanOrEqual(0);
    const receives = () => world.queue.log.filter(({ call, messageIds }) => call === "receive" && messageIds.includes(hung ?? "")).length;
    expect(receives()).toBe(1);
    await world.advance(17_000); // up to the end of its first visibility
    const afterwards = world.queue.log.filter(({ call, messageIds }) => call === "visibility" && (messageIds.includes(hung ?? "") || messageIds.includes(follower ?? "")));
    expect(afterwards).toEqual([]);
    hang = false;
    await world.advance(10_000);
    expect(receives()).toBe(2); // it came back by the queue's own timeout
    const nacked = world.events.findIndex((event) => event.event === "nacked" && event.messageIds.includes(failed ?? ""));
    const next = world.events.findIndex((event, at) => at > nacked && event.event === "received" && event.messageIds.includes(failed ?? ""));
    const renewed = world.events.slice(nacked, next).filter((event) => event.event === "extended" && event.messageIds.includes(failed ?? ""));
    expect(nacked).toBeGreaterThanOrEqual(0);
    expect(renewed).toEqual([]);
  });

  test("shutdown as the main source of dead letters: a stop gives back at once and counts nothing, however often", async () => {
    const stopping = createWorld({ attempts: 2 });
    stopping.drain.row.rateWcuPerSecond = 10;
    for (let n = 0; n < 60; n += 1) send(stopping, `u${n % 20}`, [`x${n}`]);
    stopping.start();
    await stopping.advance(1_500);
    const stopped = stopping.consumer.stop({ deadlineMs: 15_000 });
    await stopping.advance(2_000);
    expect(await stopped).toEqual({ unfinished: 0 });
    expect(stopping.queue.entries.length).toBeGreaterThan(0);
    expect(stopping.queue.entries.every(({ visibleAtMs }) => visibleAtMs <= stopping.clock.monotonic())).toBe(true);
    expect(stopping.ledger.state.attempts.size).toBe(0);

    // A message that forty stops have given back is as good as new.
    const next = createWorld({ attempts: 2 });
    const id = next.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 40 });
    next.start();
    await next.advance(2_000);
    expect(next.table.writes).toEqual(["a1"]);
    expect(next.queue.deleted()).toEqual([id]);
    expect(next.ledger.state.calls.filter((call) => call.startsWith("die "))).toEqual([]);
  });

  test("batched deletes that stall groups: an entry that fails holds up nobody else, and its own group goes on behind it", async () => {
    const world = createWorld();
    const [stuck] = send(world, "stuck", ["s1", "s2"]);
    for (let user = 0; user < 9; user += 1) send(world, `u${user}`, numbered(5, `u${user}-`));
    world.queue.faults.deletes.set(stuck ?? "", 6);
    world.start();
    await world.advance(1_000);
    const deleted = world.queue.deleted();
    expect(deleted).toHaveLength(45 + 1);
    expect(deleted).not.toContain(stuck);
    await world.advance(20_000);
    expect(world.queue.entries).toHaveLength(0);
    expect(world.table.writes.filter((id) => id.startsWith("s"))).toEqual(["s1", "s2"]);
  });

  test("batch entry ids that collide: they are positions, whatever the messages hold", async () => {
    const sent: (string | undefined)[][] = [];
    const queue = createSqsQueue({
      queueUrl: "https://sqs.example.com/1/q.fifo",
      client: {
        send: async (command: DeleteMessageBatchCommand | ChangeMessageVisibilityBatchCommand) => {
          const entries = command.input.Entries ?? [];
          sent.push(entries.map(({ Id }) => Id));
          return { Failed: entries.slice(7, 8).map(({ Id }) => ({ Id, Code: "InternalError" })) };
        },
      },
    });
    const handles = ["same", "same", "", "1", "0", "ü", "a/b", "a b", "a.b", "x".repeat(500)];
    expect(Array.from(await queue.deleteBatch(handles))).toEqual([[7, "InternalError"]]);
    expect(Array.from(await queue.changeVisibilityBatch(handles.map((receiptHandle) => ({ receiptHandle, visibilitySeconds: 0 }))))).toEqual([[7, "InternalError"]]);
    for (const ids of sent) {
      expect(new Set(ids).size).toBe(10);
      expect(ids.every((id) => /^[A-Za-z0-9_-]{1,80}$/.test(id ?? ""))).toBe(true);
    }
  });
});
