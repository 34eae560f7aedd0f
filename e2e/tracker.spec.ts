import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { expect, type Page, test } from "@playwright/test";
import { type ApiProcess, startApi } from "#e2e/api-process.ts";
import { type PageServer, servePages } from "#e2e/page-server.ts";
import { inQueueOrder, openStack, type Stack } from "#e2e/stack.ts";

const TRACKER = join("lib", "tracker");
/** Storing goes at the drain rate, whatever an earlier test has set. */
const STORED_MS = 120_000;

let stack: Stack;
let pages: PageServer;
let api: ApiProcess;

test.beforeAll(async () => {
  stack = await openStack();
  pages = await servePages(TRACKER);
  api = await startApi(stack, pages.origin);
});

test.afterAll(async () => {
  await api.kill();
  pages.close();
  stack.close();
});

/** A page that tracks: `pace` activities a turn, so that requests go out while others come in. */
const pageOf = (user: string, flushIntervalMs = 10) => `<!doctype html><meta charset="utf-8"><title>A shop</title><script type="module">
  import { createTracker } from "./tracker.ts";
  const problems = [];
  const tracker = createTracker({
    url: ${JSON.stringify(api.url)}, apiKey: ${JSON.stringify(stack.apiKey)}, storage: localStorage, flushIntervalMs: ${flushIntervalMs}, maxBatchActivities: 20,
    requestTimeoutMs: 3000, onError: (one) => problems.push(one.kind + ": " + one.message), onRefused: (one) => problems.push("refused: " + one.reason),
  });
  window.shop = {
    problems,
    left: () => tracker.state().activities,
    async track(count, pace) {
      const made = [];
      for (let number = 0; number < count; number += 1) {
        const userId = ${JSON.stringify(user)} + "-" + (number % 3);
        made.push([userId, tracker.track({ userId, type: "page.view", properties: { number, text: "ä€😀" } })]);
        if (number % pace === pace - 1) await new Promise((done) => setTimeout(done, 5));
      }
      return made;
    },
  };
</script>`;

interface Shop {
  problems: string[];
  left(): number;
  track(count: number, pace: number): Promise<[userId: string, id: string | null][]>;
}
declare const window: { shop?: Shop };

type Tracked = [userId: string, id: string | null][];
const track = (page: Page, count: number, pace: number): Promise<Tracked> => page.evaluate(([count, pace]) => window.shop?.track(count, pace) ?? [], [count, pace] as const);
const left = (page: Page) => page.evaluate(() => window.shop?.left());
const problems = (page: Page) => page.evaluate(() => window.shop?.problems ?? []);
const isThere = (page: Page) => page.waitForFunction(() => window.shop !== undefined);

async function storedOf(user: string) {
  return inQueueOrder((await stack.rows()).filter(({ userId }) => userId?.startsWith(`${user}-`)));
}

/** All that was tracked is in the table, once, and each user's in the order of the calls. */
async function expectStoredOnce(user: string, tracked: Tracked): Promise<void> {
  expect(tracked.filter(([, id]) => id === null)).toEqual([]);
  await expect.poll(async () => (await storedOf(user)).length, { timeout: STORED_MS }).toBeGreaterThanOrEqual(tracked.length);
  await expect.poll(() => stack.depth("main"), { timeout: STORED_MS }).toBe(0);
  const rows = await storedOf(user);
  const byUser = (all: readonly (readonly [string, string | null])[]) => Object.fromEntries([...Map.groupBy(all, ([name]) => name)].map(([name, mine]) => [name, mine.map(([, id]) => id)]));
  expect(byUser(rows.map(({ userId = "", id = "" }) => [userId, id]))).toEqual(byUser(tracked));
  for (const row of rows) expect(JSON.parse(row.properties ?? "")).toMatchObject({ text: "ä€😀" });
}

test("what a page tracked is stored once and in order, while the API is killed and restarted, the page reloaded, closed and opened", async ({ browser }) => {
  test.setTimeout(300_000);
  const user = "shop";
  pages.show(pageOf(user));
  const context = await browser.newContext();
  const page = await context.newPage();
  const tracked: Tracked = [];
  await page.goto(pages.origin);
  await isThere(page);

  // Killed while requests go out one after another, and again soon after it is back.
  for (let round = 0; round < 2; round += 1) {
    const tracking = track(page, 150, 2);
    await expect.poll(async () => (await stack.depth("main")) + (await storedOf(user)).length, { intervals: [5] }).toBeGreaterThan(tracked.length);
    await api.kill();
    tracked.push(...(await tracking), ...(await track(page, 20, 20)));
    await expect.poll(async () => (await problems(page)).length).toBeGreaterThan(round);
    if (round === 0) await api.start();
  }

  // Reloaded while the API is away: the page before left what it could not send.
  expect(await left(page)).toBeGreaterThan(0);
  await page.reload();
  await isThere(page);
  tracked.push(...(await track(page, 50, 10)));
  await api.start();
  await expect.poll(() => left(page), { timeout: 90_000 }).toBe(0);

  // Left before it would send by itself: the beacon alone brings it, since no page is open then.
  pages.show(pageOf(user, 3_600_000));
  await page.reload();
  await isThere(page);
  tracked.push(...(await track(page, 15, 15)));
  expect(await left(page)).toBe(15);
  await page.goto("about:blank");
  await expect.poll(async () => (await storedOf(user)).length, { timeout: STORED_MS }).toBe(tracked.length);

  // Closed while the API is away: the beacon is lost, and the next page sends what was kept.
  pages.show(pageOf(user));
  await page.goto(pages.origin);
  await isThere(page);
  await expect.poll(() => left(page), { timeout: 90_000 }).toBe(0);
  await api.kill();
  tracked.push(...(await track(page, 40, 20)));
  await page.close({ runBeforeUnload: true });
  await api.start();
  const next = await context.newPage();
  await next.goto(pages.origin);
  await isThere(next);
  await expect.poll(() => left(next), { timeout: 90_000 }).toBe(0);

  await expectStoredOnce(user, tracked);
  expect((await problems(next)).filter((problem) => !problem.startsWith("request: no answer"))).toEqual([]);
  // A sign of life may be there, and nothing to send.
  expect(await next.evaluate(() => Object.keys(localStorage).filter((key) => key.split(":").length > 3))).toEqual([]);
  await context.close();
});

test("pages of one origin share a storage: each sends its own, and what a crashed one left is sent by another", async ({ browser }) => {
  test.setTimeout(240_000);
  const user = "tabs";
  pages.show(pageOf(user));
  const context = await browser.newContext();
  const [one, other] = await Promise.all([context.newPage(), context.newPage()]);
  await Promise.all([one.goto(pages.origin), other.goto(pages.origin)]);
  await Promise.all([isThere(one), isThere(other)]);
  await api.kill();
  const tracked = [...(await track(one, 30, 5)), ...(await track(other, 30, 5))];
  expect([await left(one), await left(other)]).toEqual([30, 30]);
  const crashed = one.waitForEvent("crash");
  await Promise.all([crashed, one.goto("chrome://crash").catch(() => undefined)]);
  const third = await context.newPage();
  await third.goto(pages.origin);
  await isThere(third);
  // By the new page, or by the other one if that looked around first; never by both.
  await expect.poll(async () => ["30 30", "60 0"].includes(`${await left(other)} ${await left(third)}`)).toBe(true);
  await api.start();
  await expect.poll(async () => ((await left(other)) ?? 1) + ((await left(third)) ?? 1), { timeout: 90_000 }).toBe(0);
  expect(tracked.filter(([, id]) => id === null)).toEqual([]);
  await expect.poll(async () => new Set((await storedOf(user)).map(({ id }) => id)), { timeout: STORED_MS }).toEqual(new Set(tracked.map(([, id]) => id)));
  expect(await storedOf(user)).toHaveLength(tracked.length);
  await context.close();
});

test("what a Node process tracked is stored once and in order, while the API is killed and restarted, before the process ends by itself", async () => {
  test.setTimeout(240_000);
  const user = "back-end";
  const folder = await mkdtemp(join(tmpdir(), "tracker-node-"));
  const program = join(folder, "program.ts");
  await writeFile(
    program,
    `import { createTracker } from ${JSON.stringify(pathToFileURL(join(process.cwd(), TRACKER, "tracker.ts")).href)};
     const tracker = createTracker({ url: process.env.API_URL, apiKey: process.env.API_KEY, flushIntervalMs: 10, maxBatchActivities: 20, closeTimeoutMs: 120000,
       onError: (problem) => console.log(JSON.stringify({ problem: problem.message })) });
     for (let number = 0; number < 300; number += 1) {
       if (number === 150) for await (const _ of process.stdin) break;
       const userId = "${user}-" + (number % 3);
       console.log(JSON.stringify({ userId, id: tracker.track({ userId, type: "t", properties: { number, text: "ä€😀" } }) }));
       if (number % 2 === 1) await new Promise((done) => setTimeout(done, 5));
     }
     console.log(JSON.stringify({ ended: true }));`,
  );
  const child = spawn(process.execPath, [program], { env: { ...process.env, API_URL: api.url, API_KEY: stack.apiKey }, stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const lines: { userId?: string; id?: string | null; problem?: string; ended?: boolean }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line) as (typeof lines)[number]));
  await expect.poll(async () => (await stack.depth("main")) + (await storedOf(user)).length, { intervals: [5] }).toBeGreaterThan(0);
  await api.kill();
  child.stdin.end("go on");
  await expect.poll(() => lines.some(({ ended }) => ended)).toBe(true);
  await expect.poll(() => lines.some(({ problem }) => problem?.startsWith("no answer"))).toBe(true);
  expect(child.exitCode).toBeNull();
  await api.start();
  expect(await exit).toEqual([0, null]);
  await expectStoredOnce(
    user,
    lines.flatMap(({ userId, id }) => (userId === undefined ? [] : [[userId, id ?? null] as const])).map(([userId, id]) => [userId, id]),
  );
  await rm(folder, { recursive: true });
});
