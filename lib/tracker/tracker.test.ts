import { describe, expect, it } from "vitest";
import { acceptAll, API_KEY, createWorld, type Sent, WORLD_BEGINS_MS } from "#infra/testing/tracker-world.ts";
import { activityInputSchema } from "#lib/contracts/activity.ts";
import { uuidv7Time } from "#lib/services/activity/ingest-normalise.ts";
import { MAX_ACTIVITY_BYTES } from "./entry.ts";
import { createTracker } from "./tracker.ts";
import type { ActivityToTrack } from "./types.ts";

const click = (userId = "maria", more: Partial<ActivityToTrack> = {}): ActivityToTrack => ({ userId, type: "click", ...more });
const idsOf = (requests: readonly Sent[]) => requests.map(({ activities }) => activities.map(({ id }) => id));
const verdicts = (sent: Sent, of: (index: number) => string) => ({
  results: sent.activities.map(({ id, occurredAt }, index) => {
    const status = of(index);
    return status === "accepted" ? { status, id, occurredAt } : { status, id, reason: "planted" };
  }),
});

describe("what is sent", () => {
  it("is what was tracked, with an id and a time of its own, as the contract wants it", async () => {
    const world = createWorld();
    const { tracker } = world.open();
    const id = tracker.track({ userId: "maria", type: "order.place", sessionId: "s", source: "shop", properties: { total: 49.9, note: undefined } });
    tracker.track(click("jan", { occurredAt: "2026-01-31T13:00:00+02:00" }));
    tracker.track(click("jan", { occurredAt: new Date(5) }));
    await world.pass(1_000);
    expect(world.requests).toHaveLength(1);
    expect(world.requests[0]).toMatchObject({ key: API_KEY, isBeacon: false });
    const [first, second, third] = world.requests[0]?.activities ?? [];
    expect(first).toEqual({ id, userId: "maria", type: "order.place", occurredAt: "2026-01-31T12:00:00.000Z", sessionId: "s", source: "shop", properties: { total: 49.9 } });
    expect(uuidv7Time(id ?? "")).toBe(WORLD_BEGINS_MS);
    expect([second?.occurredAt, third?.occurredAt]).toEqual(["2026-01-31T11:00:00.000Z", "1970-01-01T00:00:00.005Z"]);
    for (const activity of world.requests[0]?.activities ?? []) expect(activityInputSchema.safeParse(activity).success).toBe(true);
    expect(tracker.state()).toEqual({ activities: 0, bytes: 0, dropped: 0 });
  });

  it("waits for more to share a request, goes at once when a request is full, and is one request at a time", async () => {
    let isBusy = false;
    const world = createWorld({
      serve: async (sent) => {
        expect(isBusy).toBe(false);
        isBusy = true;
        await world.settled();
        isBusy = false;
        return acceptAll(sent);
      },
    });
    const { tracker } = world.open();
    tracker.track(click());
    await world.pass(999);
    expect(world.requests).toHaveLength(0);
    await world.pass(1);
    expect(world.requests).toHaveLength(1);
    for (let count = 0; count < 1_200; count += 1) tracker.track(click());
    await world.pass(0);
    expect(world.requests.map(({ activities }) => activities.length)).toEqual([1, 500, 500]);
    await world.pass(1_000);
    expect(world.requests.map(({ activities }) => activities.length)).toEqual([1, 500, 500, 200]);
  });

  it("keeps to the bytes of a request, and may be the largest activity there can be", async () => {
    const world = createWorld();
    const { tracker, problems } = world.open();
    const empty = JSON.stringify({ id: "0".repeat(36), userId: "é", type: "t", occurredAt: "2026-01-31T12:00:00.000Z", properties: { text: "" } });
    const room = MAX_ACTIVITY_BYTES - Buffer.byteLength(empty);
    const largest = () => tracker.track({ userId: "é", type: "t", properties: { text: "é".repeat(room / 2) + "a".repeat(room % 2) } });
    for (let count = 0; count < 20; count += 1) expect(largest()).not.toBeNull();
    expect(tracker.track({ userId: "é", type: "t", properties: { text: "a".repeat(room + 1) } })).toBeNull();
    expect(problems).toMatchObject([{ kind: "input", message: expect.stringContaining("65537 bytes") }]);
    await world.pass(1_000);
    expect(world.requests.map(({ activities }) => activities.length)).toEqual([15, 5]);
    for (const { texts } of world.requests) expect(Buffer.byteLength(`[${texts.join(",")}]`)).toBeLessThanOrEqual(1_048_576);
  });
});

describe("what is not accepted", () => {
  it("is sent again with the same id and text: after no answer, a failure of the service, and what no API of ours answers", async () => {
    const answers = [new Error("cut"), "silence" as const, { status: 500 }, { status: 200, body: "<html>" }, { status: 202, body: { results: [] } }, { status: 302 }];
    const world = createWorld({ serve: (sent) => answers.shift() ?? acceptAll(sent) });
    const { tracker, problems } = world.open();
    tracker.track(click());
    tracker.track(click());
    await world.pass(120_000);
    expect(world.requests).toHaveLength(7);
    expect(new Set(world.requests.map(({ texts }) => texts.join())).size).toBe(1);
    expect(world.requests[1]?.signal?.aborted).toBe(true);
    expect(problems.map(({ kind, status }) => [kind, status])).toEqual([["request", undefined], ["request", undefined], ["request", 500], ["request", 200], ["request", 202], ["request", 302]]);
    expect(tracker.state().activities).toBe(0);
  });

  it("comes back within growing bounds that are drawn anew each time", async () => {
    const world = createWorld({ serve: () => ({ status: 503 }) });
    world.open().tracker.track(click());
    await world.pass(1_000_000);
    const gaps = world.requests.slice(1).map(({ at }, index) => at - (world.requests[index]?.at ?? 0));
    for (const [index, gap] of gaps.entries()) expect(gap).toBeLessThanOrEqual(Math.min(60_000, 500 * 2 ** index));
    expect(Math.max(...gaps)).toBeGreaterThan(20_000);
    expect(new Set(gaps).size).toBe(gaps.length);
  });

  it.each([
    ["seconds", "7", {}, 7_000],
    ["a date", "Sat, 31 Jan 2026 12:00:11 GMT", {}, 10_000],
    ["a date by the server's clock", "Sat, 31 Jan 2026 18:00:09 GMT", { Date: "Sat, 31 Jan 2026 18:00:00 GMT" }, 9_000],
  ])("waits as long as Retry-After says in %s", async (_, value, headers, leastMs) => {
    const world = createWorld({ serve: () => ({ status: 429, headers: { "Retry-After": value, ...headers } }) });
    const { tracker } = world.open();
    tracker.track(click());
    await world.pass(1_000);
    await tracker.flush();
    await world.pass(leastMs - 1);
    expect(world.requests).toHaveLength(1);
    await world.pass(502);
    expect(world.requests).toHaveLength(2);
  });

  it("by its verdict: accepted leaves, refused leaves and is reported, the others of its user wait, other users go on", async () => {
    const world = createWorld({
      serve: (sent) => ({ status: 207, body: verdicts(sent, (index) => ["accepted", "refused", "not_sent", "unknown"][index] ?? "accepted") }),
    });
    const { tracker, refusals } = world.open();
    const a = tracker.track(click("a"));
    const b = tracker.track(click("b", { properties: { n: 1 } }));
    const c = tracker.track(click("c")) ?? "";
    const d = tracker.track(click("d"));
    const e = tracker.track(click("e"));
    await world.pass(1_000);
    expect(idsOf(world.requests)).toEqual([[a, b, c, d, e]]);
    expect(refusals).toMatchObject([{ activity: { id: b, properties: { n: 1 } }, reason: "planted" }]);
    expect(tracker.state().activities).toBe(2);
    world.serve(acceptAll);
    const c2 = tracker.track(click("c")) ?? "";
    const f = tracker.track(click("f"));
    await world.pass(2_000);
    const later = idsOf(world.requests).slice(1).flat();
    expect(later.indexOf(c)).toBeLessThan(later.indexOf(c2));
    expect(later).toHaveLength(4);
    expect(new Set(later)).toEqual(new Set([c, d, c2, f]));
  });

  it("holds a user over the cap, not the others", async () => {
    const world = createWorld({
      serve: (sent) => {
        const isOver = (index: number) => sent.activities[index]?.userId === "hot";
        const body = verdicts(sent, (index) => (isOver(index) ? "not_sent" : "accepted"));
        const all = sent.activities.every((_, index) => isOver(index));
        return all ? { status: 429, headers: { "Retry-After": "30" }, body: { code: "user_over_cap", ...body } } : { status: 207, body };
      },
    });
    const { tracker } = world.open();
    tracker.track(click("hot"));
    await world.pass(1_000);
    tracker.track(click("hot"));
    tracker.track(click("cold"));
    await world.pass(1_000);
    expect(world.requests.map(({ activities }) => activities.map(({ userId }) => userId))).toEqual([["hot"], ["cold"]]);
    await world.pass(32_000);
    expect(world.requests[2]?.activities).toHaveLength(2);
  });

  it("is split when too large, and given up only alone", async () => {
    const world = createWorld({ serve: (sent) => (sent.texts.join().length > 1_000 ? { status: 413, body: "<html>" } : acceptAll(sent)) });
    const { tracker, refusals } = world.open();
    const small = Array.from({ length: 30 }, () => tracker.track(click()));
    const big = tracker.track(click("maria", { properties: { text: "x".repeat(1_000) } }));
    const last = tracker.track(click());
    await world.pass(60_000);
    expect(refusals.map(({ activity }) => activity.id)).toEqual([big]);
    const taken = world.requests.filter(({ texts }) => texts.join().length <= 1_000).flatMap(({ activities }) => activities.map(({ id }) => id));
    expect(taken).toEqual([...small, last]);
  });

  it("is found and given up where it spoils the whole request", async () => {
    const world = createWorld({
      serve: (sent) => (sent.activities.some(({ type }) => type === "spoils") ? { status: 400, body: { code: "malformed_json", title: "The body is not JSON" } } : acceptAll(sent)),
    });
    const { tracker, refusals } = world.open();
    const ids = Array.from({ length: 100 }, (_, index) => tracker.track(click("u", { type: index % 40 === 7 ? "spoils" : "t" })));
    await world.pass(60_000);
    expect(refusals.map(({ activity }) => ids.indexOf(activity.id))).toEqual([7, 47, 87]);
    expect(refusals[0]?.reason).toContain("malformed_json");
    const taken = world.requests.filter(({ activities }) => activities.every(({ type }) => type === "t")).flatMap(({ activities }) => activities.map(({ id }) => id));
    expect(taken).toEqual(ids.filter((_, index) => index % 40 !== 7));
    expect(world.requests.length).toBeLessThan(60);
  });

  it.each([401, 403, 404, 415])("is kept after %i, tried slowly, and reported", async (status) => {
    const world = createWorld({ serve: () => ({ status, body: { code: "no", title: "No" } }) });
    const { tracker, problems } = world.open();
    const id = tracker.track(click());
    await world.pass(300_000);
    expect(world.requests.length).toBeGreaterThan(4);
    expect(world.requests.length).toBeLessThan(11);
    expect(problems).toContainEqual({ kind: "request", status, message: `the API answered ${status} no: No` });
    world.serve(acceptAll);
    await world.pass(60_000);
    expect(idsOf(world.requests).at(-1)).toEqual([id]);
    expect(tracker.state().activities).toBe(0);
  });

  it("is kept where somebody else than the API answers 400", async () => {
    const world = createWorld({ serve: () => ({ status: 400, body: "<html>" }) });
    const { tracker, refusals } = world.open();
    tracker.track(click());
    await world.pass(300_000);
    expect([refusals.length, tracker.state().activities]).toEqual([0, 1]);
  });
});

describe("the bound", () => {
  it("by number: takes no more, tells of each, and what it took stays", async () => {
    const world = createWorld({ serve: () => new Error("away") });
    const { tracker, drops } = world.open({ maxBufferedActivities: 3 });
    const ids = Array.from({ length: 5 }, () => tracker.track(click()));
    expect(ids.map((id) => id === null)).toEqual([false, false, false, true, true]);
    expect(drops).toMatchObject([{ reason: "buffer_full", total: 1, activity: { userId: "maria" } }, { total: 2 }]);
    expect(tracker.state()).toMatchObject({ activities: 3, dropped: 2 });
    world.serve(acceptAll);
    await world.pass(10_000);
    expect(idsOf(world.requests).at(-1)).toEqual(ids.slice(0, 3));
    expect(tracker.track(click())).not.toBeNull();
  });

  it("by bytes", () => {
    const world = createWorld();
    const { tracker } = world.open({ maxBufferedBytes: 500 });
    while (tracker.track(click()) !== null);
    expect(tracker.state().bytes).toBeLessThanOrEqual(500);
    expect(tracker.state().bytes).toBeGreaterThan(300);
  });
});

describe("the host", () => {
  const thrower = {
    get userId(): string {
      throw new Error("a getter that throws");
    },
    type: "t",
  };
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "click"],
    ["no user", { type: "t" }],
    ["an empty type", { userId: "u", type: "" }],
    ["a number as the session", { userId: "u", type: "t", sessionId: 5 }],
    ["a time that is none", { userId: "u", type: "t", occurredAt: "yesterday" }],
    ["a time without a zone", { userId: "u", type: "t", occurredAt: "2026-01-31T12:00:00" }],
    ["a list of properties", { userId: "u", type: "t", properties: [1] }],
    ["a getter that throws", thrower],
    ["a BigInt", { userId: "u", type: "t", properties: { big: 1n } }],
    ["a cycle", { userId: "u", type: "t", properties: cycle }],
    ["a toJSON that throws", { userId: "u", type: "t", properties: { toJSON: () => { throw Object.create(null); } } }],
  ])("is told and not harmed by %s", (_, given) => {
    const { tracker, problems } = createWorld().open();
    expect(tracker.track(given as ActivityToTrack)).toBeNull();
    expect(problems).toMatchObject([{ kind: "input" }]);
    expect(tracker.state().activities).toBe(0);
  });

  it("may change what it gave: that was written down at the call", async () => {
    const world = createWorld();
    const { tracker } = world.open();
    const properties = { step: 1 };
    tracker.track(click("u", { properties }));
    properties.step = 2;
    await world.pass(1_000);
    expect(world.requests[0]?.activities[0]?.properties).toEqual({ step: 1 });
  });

  it("may have callbacks that throw", async () => {
    const world = createWorld({ serve: (sent) => ({ status: 207, body: verdicts(sent, () => "refused") }) });
    const boom = () => {
      throw new Error("boom");
    };
    const { tracker } = world.open({ onRefused: boom, onDropped: boom, onError: boom, maxBufferedActivities: 1 });
    tracker.track(click());
    expect(tracker.track(click())).toBeNull();
    expect(tracker.track({} as ActivityToTrack)).toBeNull();
    await world.pass(1_000);
    expect(tracker.state()).toMatchObject({ activities: 0, dropped: 1 });
  });

  it("may have no fetch, one that throws, and one that obeys no signal", async () => {
    const world = createWorld();
    const none = world.open({}, { fetch: undefined });
    const throws = world.open({}, { fetch: () => { throw new TypeError("no"); } });
    const deaf = world.open({}, { fetch: () => new Promise(() => undefined) });
    for (const { tracker } of [none, throws, deaf]) tracker.track(click());
    await world.pass(17_000);
    for (const { problems, tracker } of [none, throws, deaf]) {
      expect(problems[0]).toMatchObject({ kind: "request" });
      expect(tracker.state().activities).toBe(1);
    }
  });

  it.each([[{ url: "" }], [{ url: "no address" }], [{ url: "ftp://x" }], [{ apiKey: "" }], [{ apiKey: "a\nb" }], [{ apiKey: undefined }]])("is told of wrong options: %o", async (wrong) => {
    const { tracker, problems } = createWorld().open(wrong as object);
    expect(tracker.track(click())).toBeNull();
    expect(problems).toMatchObject([{ kind: "options" }, { kind: "options" }]);
    expect([await tracker.flush(), await tracker.close()]).toEqual([0, 0]);
  });

  it("may give no options at all", () => {
    expect(createTracker(undefined as never).track(click())).toBeNull();
  });
});

describe("flush and close", () => {
  it("flush sends at once, all that was there, and says what is left", async () => {
    const world = createWorld();
    const { tracker } = world.open();
    for (let count = 0; count < 700; count += 1) tracker.track(click());
    const flushed = tracker.flush();
    await world.pass(0);
    expect(await flushed).toBe(0);
    expect(world.requests).toHaveLength(2);
    world.serve(() => new Error("away"));
    tracker.track(click());
    const failed = tracker.flush();
    await world.pass(0);
    expect(await failed).toBe(1);
  });

  it("close takes nothing more, goes on through pauses, and ends in its time", async () => {
    let away = true;
    const world = createWorld({ serve: (sent) => (away ? new Error("away") : acceptAll(sent)) });
    const { tracker, problems } = world.open();
    tracker.track(click());
    const closed = tracker.close();
    expect(tracker.track(click())).toBeNull();
    expect(problems.at(-1)).toMatchObject({ kind: "input", message: "not an activity: the tracker is closed" });
    await world.pass(2_000);
    away = false;
    await world.pass(3_000);
    expect(await closed).toBe(0);
    expect(world.requests.length).toBeGreaterThan(1);

    const other = world.open({ closeTimeoutMs: 500 });
    world.serve(() => "silence");
    other.tracker.track(click());
    const late = other.tracker.close();
    await world.pass(500);
    expect(await late).toBe(1);
    expect(world.requests.at(-1)?.signal?.aborted).toBe(true);
    await world.pass(100_000);
    expect(world.requests.at(-1)?.page).toBe(other.number);
  });

  it("a process that has nothing more to do sends what is left, and is held up once", async () => {
    const world = createWorld();
    const page = world.open();
    page.tracker.track(click());
    page.idle();
    await world.pass(0);
    expect(world.requests).toHaveLength(1);
    world.serve(() => "silence");
    page.tracker.track(click());
    page.idle();
    page.idle();
    await world.pass(0);
    expect(world.requests).toHaveLength(2);
  });
});
