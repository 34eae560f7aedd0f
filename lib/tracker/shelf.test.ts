import { describe, expect, it } from "vitest";
import { acceptAll, API_URL, createStorage, createWorld, type Serve, WORLD_BEGINS_MS } from "#infra/testing/tracker-world.ts";
import type { ActivityToTrack } from "./types.ts";

const click = (userId = "maria", more: Partial<ActivityToTrack> = {}): ActivityToTrack => ({ userId, type: "click", ...more });
const away = () => new Error("away");

describe.each([["with locks", true], ["without locks", false]])("what is kept, %s", (_, withLocks) => {
  const start = () => {
    const world = createWorld({ serve: away, withLocks });
    const { storage } = world.disk;
    return { world, open: () => world.open({ storage }), sent: () => world.requests.at(-1)?.activities.map(({ id }) => id) };
  };

  it("is there from the call on, and gone when it is accepted", async () => {
    const { world, open } = start();
    const { tracker } = open();
    const id = tracker.track(click());
    expect(world.disk.kept()).toEqual([id]);
    await world.pass(2_000);
    expect(world.disk.kept()).toEqual([id]);
    world.serve(acceptAll);
    await world.pass(60_000);
    expect(world.disk.kept()).toEqual([]);
    expect(await Promise.all([tracker.close(), world.pass(0)])).toEqual([0, undefined]);
    expect([...world.disk.map.keys()]).toEqual([]);
  });

  it("goes first after a reload, with the same ids and texts", async () => {
    const { world, open, sent } = start();
    const first = open();
    const left = [first.tracker.track(click()), first.tracker.track(click())];
    await world.pass(1_500);
    const before = world.requests.at(-1)?.texts;
    first.leave("nothing");
    const second = open();
    const own = second.tracker.track(click());
    await world.pass(2_000);
    expect(sent()).toEqual([...left, own]);
    expect(world.requests.at(-1)?.texts.slice(0, 2)).toEqual(before);
    expect(second.tracker.state().activities).toBe(3);
  });

  it("of a page that was killed is taken over once it is surely gone, by one page", async () => {
    const { world, open } = start();
    const first = open();
    const left = first.tracker.track(click());
    await world.pass(100_000);
    first.kill();
    const pages = [open(), open()];
    await world.pass(200_000);
    const holders = pages.filter(({ tracker }) => tracker.state().activities === 1);
    expect(holders).toHaveLength(1);
    expect(world.disk.kept()).toEqual([left]);
  });

  it("of a page that lives stays its own", async () => {
    const { world, open } = start();
    const first = open();
    first.tracker.track(click());
    const second = open();
    await world.pass(300_000);
    expect([first.tracker.state().activities, second.tracker.state().activities]).toEqual([1, 0]);
  });

  it("may be taken over while its page is in the browser's cache of pages, and is not sent by both", async () => {
    const { world, open } = start();
    const first = open();
    const id = first.tracker.track(click());
    await world.pass(10_000);
    first.leave("cache");
    const second = open();
    await world.pass(1_000);
    first.comeBack();
    await world.pass(1_000);
    expect([first.tracker.state().activities, second.tracker.state().activities]).toEqual([0, 1]);
    second.leave("nothing");
    await world.pass(60_000);
    expect(first.tracker.state().activities).toBe(1);
    expect(world.disk.kept()).toEqual([id]);
    expect(first.tracker.track(click())).not.toBeNull();
  });

  it("is taken in only as far as the bound allows, and the rest later", async () => {
    const { world } = start();
    const { storage } = world.disk;
    const first = world.open({ storage });
    for (let count = 0; count < 10; count += 1) first.tracker.track(click());
    first.leave("nothing");
    const second = world.open({ storage, maxBufferedActivities: 4 });
    await world.pass(0);
    expect(second.tracker.state().activities).toBe(4);
    expect(world.disk.kept()).toHaveLength(10);
    world.serve(acceptAll);
    await world.pass(400_000);
    expect(world.disk.kept()).toEqual([]);
    const accepted = world.requests.filter(({ page, isBeacon }) => page === second.number && !isBeacon).flatMap(({ activities }) => activities.map(({ id }) => id));
    expect(new Set(accepted).size).toBe(10);
  });
});

describe("a storage", () => {
  it("without locks gives back to a page that only slept what another took over and left, and it is not lost with both", async () => {
    const world = createWorld({ serve: away, withLocks: false });
    const { storage, map, kept } = world.disk;
    const slept = world.open({ storage });
    const id = slept.tracker.track(click());
    await world.pass(1_000);
    for (const key of map.keys()) if (key.split(":").length === 3) map.set(key, String(WORLD_BEGINS_MS - 600_000));
    const other = world.open({ storage });
    await world.pass(1_000);
    expect([slept.tracker.state().activities, other.tracker.state().activities]).toEqual([1, 1]);
    other.kill();
    await world.pass(300_000);
    expect(kept()).toEqual([id]);
    slept.kill();
    const last = world.open({ storage });
    await world.pass(300_000);
    expect(last.tracker.state().activities).toBe(1);
    world.serve(acceptAll);
    await world.pass(300_000);
    expect(kept()).toEqual([]);
  });

  it("that is full costs the reload, not the activity", async () => {
    const world = createWorld({ serve: away });
    const { storage, fail, kept } = world.disk;
    fail((method) => method === "setItem");
    const page = world.open({ storage });
    expect(page.tracker.track(click())).not.toBeNull();
    expect(page.problems.map(({ kind }) => kind)).toEqual(["storage", "storage"]);
    expect([kept(), page.tracker.state().activities]).toEqual([[], 1]);
  });

  it("that is full when a page starts still gives what it keeps", async () => {
    const world = createWorld({ serve: away });
    const { storage, fail, kept } = world.disk;
    const first = world.open({ storage });
    const ids = [first.tracker.track(click()), first.tracker.track(click())];
    first.leave("nothing");
    const { map } = world.disk;
    const most = map.size;
    fail((method) => method === "setItem" && map.size >= most);
    const second = world.open({ storage });
    await world.pass(1_000);
    expect(second.tracker.state().activities).toBe(2);
    expect(kept()).toEqual(ids);
  });

  it("that throws at everything harms nobody", async () => {
    const world = createWorld();
    const { storage, fail } = world.disk;
    fail(() => true);
    const page = world.open({ storage });
    page.tracker.track(click());
    await world.pass(60_000);
    page.leave("cache");
    page.comeBack();
    await world.pass(60_000);
    expect(world.requests[0]?.activities).toHaveLength(1);
    expect(page.tracker.state().activities).toBe(0);
    expect(new Set(page.problems.map(({ kind }) => kind))).toEqual(new Set(["storage"]));
  });

  it("with locks that are refused does without", async () => {
    const world = createWorld({ serve: away });
    const first = world.open({ storage: world.disk.storage });
    first.tracker.track(click());
    first.leave("nothing");
    const locks = { request: () => Promise.reject(new Error("not here")) };
    const second = world.open({ storage: world.disk.storage }, { locks });
    await world.pass(1_000);
    expect(second.tracker.state().activities).toBe(1);
    second.leave("nothing");
    const throwing = { request: () => { throw new Error("not here"); } };
    const third = world.open({ storage: world.disk.storage }, { locks: throwing });
    await world.pass(1_000);
    expect(third.tracker.state().activities).toBe(1);
  });

  it("may be given by a function, and one that throws costs the reload only", async () => {
    const world = createWorld({ serve: away });
    const page = world.open({ storage: () => world.disk.storage });
    const id = page.tracker.track(click());
    expect(world.disk.kept()).toEqual([id]);
    const without = world.open({ storage: () => { throw new DOMException("denied", "SecurityError"); } });
    expect(without.tracker.track(click())).not.toBeNull();
    expect(without.problems).toMatchObject([{ kind: "storage", message: "there is no storage: denied" }]);
  });

  it("with locks that never answer holds nothing up for long", async () => {
    const world = createWorld();
    const first = world.open({ storage: world.disk.storage });
    first.tracker.track(click());
    first.kill();
    const second = world.open({ storage: world.disk.storage }, { locks: { request: () => new Promise(() => undefined) } });
    second.tracker.track(click());
    await world.pass(6_000);
    expect(world.requests[0]?.page).toBe(second.number);
  });

  it("that holds something else loses only that, and what is not the tracker's stays", async () => {
    const { storage, map } = createStorage();
    const root = `spillway:${encodeURIComponent(`${API_URL}/v1/activities`)}:`;
    const other = `spillway:${encodeURIComponent(`${API_URL}:3001/v1/activities`)}:a:b`;
    map.set(`${root}old:1`, "{ not json");
    map.set(`${root}old:2`, '{"id":"5"}');
    map.set(`${root}old:3`, '{"id":"5","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}');
    map.set(`${root}old`, "NaN");
    map.set("theirs", "kept");
    map.set(other, "kept");
    const world = createWorld();
    const { problems } = world.open({ storage });
    await world.pass(60_000);
    expect(world.requests.flatMap(({ activities }) => activities.map(({ id }) => id))).toEqual(["5"]);
    expect(problems.map(({ kind }) => kind)).toEqual(["storage", "storage"]);
    expect([...map.keys()].filter((key) => !key.startsWith(root))).toEqual(["theirs", other]);
    expect([...map.keys()].filter((key) => key.startsWith(`${root}old`))).toEqual([]);
  });
});

describe("a page that goes", () => {
  const open = (serve: Serve) => {
    const world = createWorld({ serve });
    return { world, page: world.open({ storage: world.disk.storage }) };
  };

  it("hands the oldest to a beacon with its key, once, and keeps them until they are known to be accepted", async () => {
    const { world, page } = open(() => ({ status: 202 }));
    const ids = [page.tracker.track(click()), page.tracker.track(click())];
    await world.settled();
    page.leave("nothing");
    expect(world.requests).toMatchObject([{ isBeacon: true, key: "sw_live_test", activities: ids.map((id) => ({ id })) }]);
    expect(world.disk.kept()).toEqual(ids);
  });

  it("sends again what a beacon may have lost, when it stays after all", async () => {
    const { world, page } = open((sent) => (sent.isBeacon ? new Error("lost") : acceptAll(sent)));
    const id = page.tracker.track(click());
    await world.settled();
    page.hide();
    await world.pass(1_000);
    expect(world.requests.map(({ isBeacon, activities }) => [isBeacon, activities[0]?.id])).toEqual([[true, id], [false, id]]);
    expect(world.disk.kept()).toEqual([]);
  });

  it("is silent in the browser's cache of pages, also when it went before it had looked around", async () => {
    const world = createWorld();
    world.open({ storage: world.disk.storage }).kill();
    const page = world.open({ storage: world.disk.storage }, { locks: { request: () => new Promise(() => undefined) } });
    page.tracker.track(click());
    page.leave("cache");
    await world.pass(60_000);
    expect(world.requests.map(({ isBeacon }) => isBeacon)).toEqual([true]);
  });

  it("hands over what is under way too, and no more than a beacon takes", async () => {
    const { world, page } = open(() => "silence");
    const ids = Array.from({ length: 50 }, () => page.tracker.track(click("maria", { properties: { text: "é".repeat(1_000) } })));
    await world.pass(1_000);
    page.hide();
    const [request, beacon] = world.requests;
    expect(request?.activities).toHaveLength(50);
    expect(beacon?.activities.map(({ id }) => id)).toEqual(ids.slice(0, beacon?.activities.length));
    expect(beacon?.activities.length).toBeGreaterThan(20);
    expect(Buffer.byteLength(beacon?.texts.join("\n") ?? "")).toBeLessThanOrEqual(60_000);
  });

  it("asks for nothing while the key is refused, nor before the time that the API has set", async () => {
    for (const status of [401, 429]) {
      const { world, page } = open(() => ({ status, headers: { "Retry-After": "10" } }));
      page.tracker.track(click());
      await world.pass(1_000);
      page.hide();
      expect(world.requests.map(({ isBeacon }) => isBeacon)).toEqual([false]);
    }
  });
});
