import fc from "fast-check";
import { expect, it } from "vitest";
import { createWorld, type FakeAnswer, type Page, type Sent, type World } from "#infra/testing/tracker-world.ts";

const USERS = ["a", "b", "c"] as const;
const MAX_ACTIVITIES = 25;
const MAX_BYTES = 6_000;
const RUNS = 100;
const REASONS = ["accepted", "not_sent", "unknown_queued", "unknown_lost"] as const;

/** How the API and the way to it treat one request. Each keeps the API's own promise: one user's in order. */
type Treatment =
  | { kind: "verdicts"; of: readonly (typeof REASONS)[number][]; status: number }
  /** It took the first so many; the answer says nothing of it. */
  | { kind: "blind"; taken: number; answer: "cut" | "silence" | "html200" | "html500" | "short" }
  /** Nothing was read. */
  | { kind: "shed"; status: number; retryAfter: number | null };

type Step =
  | { do: "track"; user: (typeof USERS)[number]; type: "t" | "bad" | "spoils"; size: number }
  | { do: "pass"; ms: number }
  | { do: "treat"; as: Treatment }
  | { do: "reload"; how: "leave" | "kill" }
  | { do: "cache" | "comeBack" | "hide" | "otherTab" | "flush" };

const treatment: fc.Arbitrary<Treatment> = fc.oneof(
  fc.record({ kind: fc.constant("verdicts" as const), of: fc.array(fc.constantFrom(...REASONS), { minLength: 1, maxLength: 5 }), status: fc.constantFrom(207, 503, 429) }),
  fc.record({ kind: fc.constant("blind" as const), taken: fc.nat(10), answer: fc.constantFrom("cut", "silence", "html200", "html500", "short") }),
  fc.record({ kind: fc.constant("shed" as const), status: fc.constantFrom(401, 403, 408, 415, 429, 500, 503, 404), retryAfter: fc.option(fc.nat(100)) }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant("track" as const), user: fc.constantFrom(...USERS), type: fc.constantFrom("t", "t", "t", "t", "bad", "spoils"), size: fc.integer({ min: 0, max: 900 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.oneof(fc.nat(2_000), fc.nat(200_000)) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("treat" as const), as: treatment }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reload" as const), how: fc.constantFrom("leave", "kill") }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("cache" as const, "comeBack" as const, "hide" as const, "otherTab" as const, "flush" as const) }) },
);

/** The API: what it queued, by user, each id once. `treatments` are used up one a request; then it is well. */
function createApi() {
  const queue = new Map<string, string[]>();
  const treatments: Treatment[] = [];
  const texts = new Map<string, string>();
  const put = ({ userId, id }: { userId: string; id: string }) => {
    const ids = queue.get(userId) ?? [];
    queue.set(userId, ids);
    if (!ids.includes(id)) ids.push(id);
  };

  function verdicts({ activities }: Sent, of: (index: number) => (typeof REASONS)[number], status: number): FakeAnswer {
    const stuck = new Set<string>();
    const results = activities.map((activity, index) => {
      const { id, userId, type, occurredAt } = activity;
      if (type === "bad") return { status: "refused", id, reason: "is bad" };
      const fate = stuck.has(userId) ? "not_sent" : of(index);
      if (fate !== "accepted") stuck.add(userId);
      if (fate === "accepted" || fate === "unknown_queued") put(activity);
      return fate === "accepted" ? { status: fate, id, occurredAt } : { status: fate === "not_sent" ? fate : "unknown", id, reason: "planted" };
    });
    return { status: results.some((one) => one.status === "accepted") ? 207 : status, body: { results } };
  }

  return {
    queue,
    treatments,
    serve(sent: Sent): FakeAnswer | Error | "silence" {
      for (const [at, { id }] of sent.activities.entries()) {
        const text = sent.texts[at] ?? "";
        expect(texts.get(id) ?? text).toBe(text);
        texts.set(id, text);
      }
      // What is wrong with a request itself is seen whatever the API's state.
      if (sent.texts.join().length > 4_000) return { status: 413, body: { code: "request_too_large" } };
      if (sent.activities.some(({ type }) => type === "spoils")) return { status: 400, body: { code: "malformed_json" } };
      const as = treatments.shift();
      if (!as) return verdicts(sent, () => "accepted", 202);
      if (as.kind === "verdicts") return verdicts(sent, (index) => as.of[index % as.of.length] ?? "accepted", as.status);
      if (as.kind === "shed") return { status: as.status, headers: as.retryAfter === null ? {} : { "Retry-After": String(as.retryAfter) } };
      for (const activity of sent.activities.slice(0, as.taken)) if (activity.type === "t") put(activity);
      const short = { status: 202, body: { results: sent.activities.slice(1).map(({ id, occurredAt }) => ({ status: "accepted", id, occurredAt })) } };
      return { cut: new Error("cut"), silence: "silence" as const, html200: { status: 200, body: "<html>" }, html500: { status: 500, body: "<html>" }, short }[as.answer];
    },
  };
}

interface Tab {
  page: Page;
  inCache: boolean;
  /** Order is promised within one: over reloads, but not where another tab may have taken over what was left. */
  line: number;
}

function checkBounds({ page }: Tab): void {
  const { activities, bytes } = page.tracker.state();
  expect(activities).toBeLessThanOrEqual(MAX_ACTIVITIES);
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
}

/** Of each user, what one line of pages tracked is queued in that order, by the first time that each was queued. */
function checkOrder(tracked: readonly { line: number; user: string; id: string }[], queue: ReadonlyMap<string, readonly string[]>): void {
  for (const [group, all] of Map.groupBy(tracked, ({ line, user }) => `${line}:${user}`)) {
    const ids = new Set(all.map(({ id }) => id));
    const queued = (queue.get(group.split(":")[1] ?? "") ?? []).filter((id) => ids.has(id));
    expect(queued).toEqual(all.map(({ id }) => id).filter((id) => queued.includes(id)));
  }
}

async function run({ steps, withLocks, withStorage, seed, manyTabs }: { steps: readonly Step[]; withLocks: boolean; withStorage: boolean; seed: number; manyTabs: boolean }): Promise<void> {
  const api = createApi();
  const world: World = createWorld({ serve: (sent) => api.serve(sent), withLocks });
  world.seed(seed);
  const open = () => world.open({ maxBufferedActivities: MAX_ACTIVITIES, maxBufferedBytes: MAX_BYTES, maxBatchActivities: 8, ...(withStorage && { storage: world.disk.storage }) });
  let lines = 0;
  const tabs: Tab[] = [{ page: open(), inCache: false, line: 0 }];
  const newLine = (tab: Tab) => {
    lines += 1;
    tab.line = lines;
  };
  const pages = tabs.map(({ page }) => page);
  const tracked: { line: number; user: string; id: string; type: string; page: number }[] = [];
  const lostPages = new Set<number>();
  let current = 0;

  for (const step of steps) {
    const tab = tabs[current];
    if (!tab) throw new Error("there is no such tab");
    switch (step.do) {
      case "track": {
        if (tab.inCache) break;
        const id = tab.page.tracker.track({ userId: step.user, type: step.type, properties: { text: "x".repeat(step.size) } });
        if (id !== null) tracked.push({ line: tab.line, user: step.user, id, type: step.type, page: tab.page.number });
        break;
      }
      case "pass":
        await world.pass(step.ms);
        break;
      case "treat":
        api.treatments.push(step.as);
        break;
      case "reload":
        if (step.how === "leave" && !tab.inCache) tab.page.leave("nothing");
        else tab.page.kill();
        lostPages.add(tab.page.number);
        if (manyTabs || (step.how === "kill" && !withLocks)) newLine(tab);
        // Order over pages is that of the clock, and no page loads within one of its milliseconds.
        await world.pass(1);
        tab.page = open();
        tab.inCache = false;
        pages.push(tab.page);
        break;
      case "cache":
        if (!tab.inCache) tab.page.leave("cache");
        tab.inCache = true;
        if (manyTabs) newLine(tab);
        break;
      case "comeBack":
        if (tab.inCache) tab.page.comeBack();
        tab.inCache = false;
        break;
      case "hide":
        if (!tab.inCache) tab.page.hide();
        break;
      case "otherTab":
        if (manyTabs && tabs.length < 3) {
          const opened: Tab = { page: open(), inCache: false, line: 0 };
          newLine(opened);
          tabs.push(opened);
          pages.push(opened.page);
        }
        current = (current + 1) % tabs.length;
        break;
      case "flush":
        void tab.page.tracker.flush();
    }
    await world.settled();
    tabs.forEach(checkBounds);
  }

  // All is well from here on, and everything comes to its end.
  api.treatments.length = 0;
  for (const tab of tabs) if (tab.inCache) tab.page.comeBack();
  await world.pass(3_600_000);

  const queued = new Set([...api.queue.values()].flat());
  const refused = new Set(pages.flatMap(({ refusals }) => refusals.map(({ activity }) => activity.id)));
  for (const { id, type, page } of tracked) {
    if (!withStorage && lostPages.has(page)) continue;
    if (type === "t") expect([id, queued.has(id), refused.has(id)]).toEqual([id, true, false]);
    else if (!lostPages.has(page)) expect([id, queued.has(id), refused.has(id)]).toEqual([id, false, true]);
  }
  const known = new Set(tracked.map(({ id }) => id));
  expect([...queued].filter((id) => !known.has(id))).toEqual([]);
  expect(world.disk.kept()).toEqual([]);
  for (const { page } of tabs) expect(page.tracker.state()).toMatchObject({ activities: 0, bytes: 0 });
  checkOrder(tracked, api.queue);
  for (const { problems } of pages) expect(problems.filter(({ kind }) => kind !== "request")).toEqual([]);
}

it.each([
  [true, true],
  [true, false],
  [false, true],
])("loses nothing, invents nothing, keeps each user's order and its bound, whatever is answered (storage %s, locks %s)", async (withStorage, withLocks) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(), fc.boolean(), (steps, seed, manyTabs) => run({ steps, withLocks, withStorage, seed, manyTabs })),
    { numRuns: RUNS },
  );
});
