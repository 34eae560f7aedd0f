import { describe, expect, test } from "vitest";
import { pushKey } from "#lib/domain/activity-key.ts";
import { createPushes } from "./pushes.ts";
import type { PushResult } from "./sinks/sink.ts";
import { createFakeFilter, createFakeSink } from "./testing/fake-push.ts";
import { pushFilterContract } from "./testing/push-filter-contract.ts";
import { send } from "./testing/sent.ts";
import { createWorld } from "./testing/world.ts";

const LEASE_MS = 4_000 + 12_000;
const keyOf = (user: string, id: string, sink = "fake") => `${sink}#${pushKey({ userId: user, id, occurredAt: "2026-01-01T00:00:00.000Z" })}`;

/** A consumer with sinks. */
function createPushWorld({ sinks = [createFakeSink()], filter = createFakeFilter(), attempts = 5 } = {}) {
  const world = createWorld({ attempts }, (given) =>
    createPushes({ ...given, sinks: sinks.map(({ sink }) => sink), filter: filter.filter, random: () => 0.5, visibilityMs: 30_000 }),
  );
  const [first] = sinks;
  if (!first) throw new Error("no sink");
  return { ...world, filter, sink: first, sinks };
}
type PushWorld = ReturnType<typeof createPushWorld>;
const ids = (world: PushWorld, user: string) => world.sink.pushed.filter((one) => one.user === user).map(({ id }) => id);

describe("pushing", () => {
  test("comes after the store and before the ack, in order per user, each once", async () => {
    const world = createPushWorld();
    const sent = ["a", "b", "c"].flatMap((user) => send(world, user, Array.from({ length: 12 }, (_, n) => `${user}${n}`)));
    world.start();
    await world.advance(3_000);
    for (const user of ["a", "b", "c"]) expect(ids(world, user)).toEqual(Array.from({ length: 12 }, (_, n) => `${user}${n}`));
    for (const messageId of sent) {
      const at = (test: (event: PushWorld["events"][number]) => boolean) => world.events.findIndex(test);
      const stored = at((one) => one.event === "stored" && one.messageIds.includes(messageId));
      const pushed = at((one) => one.event === "pushed" && one.messageId === messageId);
      const acked = at((one) => one.event === "acked" && one.messageIds.includes(messageId));
      expect(stored).toBeGreaterThanOrEqual(0);
      expect(pushed).toBeGreaterThan(stored);
      expect(acked).toBeGreaterThan(pushed);
    }
    expect(world.queue.entries).toHaveLength(0);
    expect(Array.from(world.filter.rows.values()).every(({ state }) => state === "done")).toBe(true);
  });

  test("one user's pushes are one at a time, several users' go side by side", async () => {
    const world = createPushWorld();
    const open = new Map<string, number>();
    let most = 0;
    let mostOfOne = 0;
    world.sink.hooks.onPush = async ({ activity }) => {
      open.set(activity.userId, (open.get(activity.userId) ?? 0) + 1);
      mostOfOne = Math.max(mostOfOne, open.get(activity.userId) ?? 0);
      most = Math.max(most, Array.from(open.values()).reduce((sum, one) => sum + one, 0));
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 100));
      open.set(activity.userId, (open.get(activity.userId) ?? 0) - 1);
      return { kind: "pushed" };
    };
    for (const user of ["a", "b", "c", "d"]) send(world, user, [`${user}1`, `${user}2`]);
    world.start();
    await world.advance(3_000);
    expect(mostOfOne).toBe(1);
    expect(most).toBeGreaterThan(1);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("slow pushes of a long lane are acked as they go, and come once", async () => {
    const world = createPushWorld();
    world.sink.hooks.onPush = async () => {
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 3_900));
      return { kind: "pushed" };
    };
    const sent = send(world, "a", Array.from({ length: 20 }, (_, n) => `a${n}`));
    world.start();
    await world.advance(20_000);
    expect(world.queue.deleted().length).toBeGreaterThanOrEqual(3);
    await world.advance(80_000);
    expect(world.queue.deleted()).toEqual(sent);
    const received = world.queue.log.filter(({ call }) => call === "receive").flatMap(({ messageIds }) => messageIds);
    expect(received).toEqual(sent);
    expect(world.of("left")).toEqual([]);
  });

  test("no more at once than the sink takes; who waits is not late for it", async () => {
    const sink = createFakeSink({ atOnce: 3, longestMs: 4_000 });
    const world = createPushWorld({ sinks: [sink] });
    let open = 0;
    let most = 0;
    sink.hooks.onPush = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 3_000));
      open -= 1;
      return { kind: "pushed" };
    };
    for (let n = 0; n < 24; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.start();
    await world.advance(40_000);
    expect(most).toBe(3);
    expect(sink.pushed).toHaveLength(24);
    expect(world.of("attempt_failed")).toEqual([]);
    expect(world.queue.log.filter(({ call }) => call === "receive").flatMap(({ messageIds }) => messageIds)).toHaveLength(24);
  });

  test("an activity that was pushed is not pushed again, however often it comes", async () => {
    const world = createPushWorld();
    send(world, "a", ["a1", "a1", "a2"]);
    world.start();
    await world.advance(2_000);
    send(world, "a", ["a1"]);
    await world.advance(2_000);
    expect(ids(world, "a")).toEqual(["a1", "a2"]);
    expect(world.of("push_skipped")).toHaveLength(2);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("two users with one id are two activities", async () => {
    const world = createPushWorld();
    send(world, "a", ["same"]);
    send(world, "b", ["same"]);
    world.start();
    await world.advance(2_000);
    expect(new Set(world.sink.pushed.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  test("goes to every sink; one that fails does not repeat the others", async () => {
    const sinks = [createFakeSink({ name: "one" }), createFakeSink({ name: "two" })];
    const world = createPushWorld({ sinks });
    let failures = 2;
    const [one, two] = sinks;
    if (!one || !two) throw new Error("no sinks");
    two.hooks.onPush = async () => ((failures -= 1) >= 0 ? { kind: "failed", reason: "webhook_failed", error: "no" } : { kind: "pushed" });
    send(world, "a", ["a1"]);
    world.start();
    await world.advance(30_000);
    expect(one.pushed).toHaveLength(1);
    expect(two.pushed).toHaveLength(1);
    expect(world.queue.entries).toHaveLength(0);
  });
});

describe("a push that fails", () => {
  test("acks what is before it, spends an attempt, waits with its followers, and they follow it in order", async () => {
    const world = createPushWorld();
    const [first, bad, follower] = send(world, "a", ["a1", "bad", "a3"]);
    let failures = 1;
    world.sink.hooks.onPush = async ({ activity }) =>
      activity.id === "bad" && (failures -= 1) >= 0 ? { kind: "failed", reason: "webhook_failed", error: "the webhook answered 500" } : { kind: "pushed" };
    world.start();
    await world.advance(1_500);
    expect(world.queue.deleted()).toEqual([first]);
    expect(world.ledger.state.attempts.get(bad ?? "")).toBe(1);
    expect(world.queue.visibilityOf(follower ?? "")).toEqual(world.queue.visibilityOf(bad ?? ""));
    await world.advance(10_000);
    expect(ids(world, "a")).toEqual(["a1", "bad", "a3"]);
    expect(world.ledger.state.attempts.has(follower ?? "")).toBe(false);
  });

  test("dies after the allowed attempts of the sink's own reason, stored as it is, and its followers go on", async () => {
    const world = createPushWorld({ attempts: 3 });
    const [bad, follower] = send(world, "a", ["bad", "a2"]);
    world.sink.hooks.onPush = async ({ activity }) => (activity.id === "bad" ? { kind: "failed", reason: "webhook_refused", error: "422" } : { kind: "pushed" });
    world.start();
    await world.advance(60_000);
    expect(world.ledger.state.calls).toContain(`die ${bad} webhook_refused`);
    expect(world.table.items.has("a bad")).toBe(true);
    expect(world.queue.deleted()).toEqual([bad, follower]);
    expect(ids(world, "a")).toEqual(["a2"]);
    expect(world.filter.rows.has(keyOf("a", "bad"))).toBe(false); // so that a redrive pushes it
  });

  test("one that throws, and one that never ends, are failed attempts of the sink's reason", async () => {
    const world = createPushWorld();
    const [thrown] = send(world, "a", ["throws"]);
    const [hung] = send(world, "b", ["hangs"]);
    let aborted = false;
    world.sink.hooks.onPush = ({ activity }, signal) => {
      if (activity.id === "throws") return Promise.reject(new Error("boom"));
      signal.addEventListener("abort", () => (aborted = true));
      return new Promise<PushResult>(() => {});
    };
    world.start();
    await world.advance(6_000);
    const failed = world.of("attempt_failed");
    expect(new Set(failed.map(({ messageId }) => messageId))).toEqual(new Set([thrown, hung]));
    expect(new Set(failed.map(({ reason }) => reason))).toEqual(new Set(["webhook_failed"]));
    expect(aborted).toBe(true);
  });

  test("a sink that asks for patience spends no attempt, is left alone meanwhile, and nothing piles up", async () => {
    const world = createPushWorld();
    let asks = 0;
    world.sink.hooks.onPush = async () => {
      asks += 1;
      return world.clock.monotonic() < 30_000 ? { kind: "later", retryInMs: 10_000, error: "the webhook answered 503" } : { kind: "pushed" };
    };
    for (let n = 0; n < 300; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.drain.row.rateWcuPerSecond = 20;
    world.start();
    await world.advance(28_000);
    expect(asks).toBeLessThanOrEqual(5); // of the first batches, and then one each time
    const held = world.consumer.core.lanes.all().reduce((sum, lane) => sum + lane.held.length, 0);
    expect(held).toBeLessThanOrEqual(130); // 5 s at 20 a second, and what a call brings
    expect(world.ledger.state.attempts.size).toBe(0);
    await world.advance(60_000);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("patience ends: after five minutes the attempt has failed", async () => {
    const world = createPushWorld();
    const [id] = send(world, "a", ["a1"]);
    world.sink.hooks.onPush = async () => ({ kind: "later", retryInMs: 30_000, error: "the webhook answered 429" });
    world.start();
    await world.advance(4 * 60_000);
    expect(world.of("attempt_failed")).toEqual([]);
    await world.advance(2 * 60_000);
    expect(world.of("attempt_failed")).toMatchObject([{ messageId: id, reason: "webhook_failed" }]);
  });
});

describe("the filter", () => {
  test("while its table is away nothing is pushed or acked, no attempt is spent, and it goes on by itself", async () => {
    const world = createPushWorld();
    const sent = send(world, "a", ["a1", "a2"]);
    world.filter.state.away = true;
    world.start();
    await world.advance(60_000);
    expect(world.sink.pushed).toEqual([]);
    expect(world.queue.deleted()).toEqual([]);
    expect(world.ledger.state.attempts.size).toBe(0);
    world.filter.state.away = false;
    await world.advance(10_000);
    expect(ids(world, "a")).toEqual(["a1", "a2"]);
    expect(world.queue.deleted()).toEqual(sent);
    expect(world.table.writes).toEqual(["a1", "a2"]); // held all the while: not stored again
  });

  test("a push that cannot be marked is not made again by this process, and not acked before it is marked", async () => {
    const world = createPushWorld();
    const sent = send(world, "a", ["a1"]);
    let away = true;
    world.filter.state.onMark = async () => {
      if (away) throw new Error("no answer");
    };
    world.start();
    await world.advance(120_000);
    expect(ids(world, "a")).toEqual(["a1"]);
    expect(world.queue.deleted()).toEqual([]);
    away = false;
    await world.advance(10_000);
    expect(ids(world, "a")).toEqual(["a1"]);
    expect(world.queue.deleted()).toEqual(sent);
  });

  test("a claim that another left is waited out, uncounted, and then taken over: one more push for one kill", async () => {
    const world = createPushWorld();
    const [id] = send(world, "a", ["a1"]);
    world.filter.rows.set(keyOf("a", "a1"), { claim: "of a killed worker", state: "claimed" });
    world.start();
    await world.advance(LEASE_MS - 500);
    expect(world.sink.pushed).toEqual([]);
    await world.advance(2_000);
    expect(ids(world, "a")).toEqual(["a1"]);
    expect(world.queue.deleted()).toEqual([id]);
    expect(world.ledger.state.attempts.size).toBe(0);
  });

  test("a claim whose holder finishes meanwhile is not taken over", async () => {
    const world = createPushWorld();
    const [id] = send(world, "a", ["a1"]);
    world.filter.rows.set(keyOf("a", "a1"), { claim: "of a slow worker", state: "claimed" });
    world.start();
    await world.advance(LEASE_MS - 1_000);
    world.filter.rows.set(keyOf("a", "a1"), { claim: "of a slow worker", state: "done" });
    await world.advance(3_000);
    expect(world.sink.pushed).toEqual([]);
    expect(world.queue.deleted()).toEqual([id]);
  });

  test("a claim that changes hands starts a new wait", async () => {
    const world = createPushWorld();
    send(world, "a", ["a1"]);
    world.filter.rows.set(keyOf("a", "a1"), { claim: "first", state: "claimed" });
    world.start();
    await world.advance(LEASE_MS - 1_000);
    world.filter.rows.set(keyOf("a", "a1"), { claim: "second", state: "claimed" });
    await world.advance(LEASE_MS - 2_000);
    expect(world.sink.pushed).toEqual([]);
    await world.advance(4_000);
    expect(ids(world, "a")).toEqual(["a1"]);
  });

  test("no push is begun that the visibility might not outlast", async () => {
    const sink = createFakeSink({ longestMs: 12_000 });
    const world = createPushWorld({ sinks: [sink] });
    send(world, "a", ["a1"]);
    world.table.hooks.onBatch = async () => {
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 7_000));
      return [];
    };
    const leftMs: number[] = [];
    sink.hooks.onPush = async () => {
      const [held] = world.consumer.core.lanes.all().flatMap((lane) => lane.held);
      leftMs.push((held?.visibleUntilMs ?? 0) - world.clock.monotonic());
      return { kind: "pushed" };
    };
    world.queue.faults.visibility = 4;
    world.start();
    await world.advance(90_000);
    expect(leftMs).toHaveLength(1);
    expect(leftMs[0]).toBeGreaterThan(12_000);
  });
});

describe("a stop", () => {
  test("lets a push that runs end, and releases what waits for one", async () => {
    const world = createPushWorld();
    send(world, "a", ["a1"]);
    send(world, "b", ["b1"]);
    world.sink.hooks.onPush = async ({ activity }) => {
      if (activity.id === "b1") return { kind: "later", retryInMs: 60_000, error: "503" };
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 2_000));
      return { kind: "pushed" };
    };
    world.start();
    await world.advance(500);
    const stopped = world.consumer.stop({ deadlineMs: 15_000 });
    await world.advance(5_000);
    expect(await stopped).toEqual({ unfinished: 0 });
    expect(ids(world, "a")).toEqual(["a1"]);
    expect(world.queue.entries.map(({ groupId }) => groupId)).toEqual(["b"]);
    expect(world.of("released").at(-1)).toMatchObject({ why: "stopping", delaySeconds: 0 });
  });

  test("past its deadline a push is cut off, and counts for nothing", async () => {
    const world = createPushWorld();
    send(world, "a", ["a1"]);
    world.sink.hooks.onPush = (_push, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "failed", reason: "webhook_failed", error: "aborted" })));
    world.start();
    await world.advance(500);
    const stopped = world.consumer.stop({ deadlineMs: 1_000 });
    await world.advance(4_000);
    await stopped;
    expect(world.ledger.state.attempts.size).toBe(0);
    expect(world.queue.deleted()).toEqual([]);
  });
});

const { filter: fake } = createFakeFilter();
pushFilterContract("the fake", () => fake);
