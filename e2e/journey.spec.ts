import { expect, type Locator, type Page, test } from "@playwright/test";
import { accessLog, type LogLine } from "#e2e/access-log.ts";
import { auditListSchema } from "#lib/contracts/audit.ts";
import { inQueueOrder, openStack, type Row, type Stack } from "#e2e/stack.ts";

/*
 * The main job, as its people do it: a spike goes in, waits, is let out at the rate set on the page; support finds a
 * user's activity; an admin brings dead letters back. One after the other, on one start.
 */
test.describe.configure({ mode: "serial" });

const LINES = 2_000;
const REFUSED_USER = "planted-user";

let stack: Stack;
let log: LogLine[];
let logFile: string;
let page: Page;
/** Messages planted with a body that nobody can read. */
let malformed: string[];

test.beforeAll(async ({ browser }, info) => {
  stack = await openStack();
  logFile = info.outputPath("access.log");
  log = await accessLog({ count: LINES, file: logFile });
  page = await browser.newPage();
});

test.afterAll(async () => {
  await stack.refuseUsers([]);
  stack.close();
  await page.close();
});

/** A figure's number; NaN while it is not one. */
async function figure(name: string): Promise<number> {
  const text = await page.getByTestId(`figure-${name}`).textContent();
  return Number((text ?? "").replaceAll(",", ""));
}

async function setRate(wcuPerSecond: number): Promise<void> {
  await page.getByRole("textbox", { name: "Drain rate (WCU/s)" }).fill(String(wcuPerSecond));
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText(`Applied: ${wcuPerSecond.toLocaleString("en-US")} WCU/s`)).toBeVisible();
}

function acknowledgedRate(): Locator {
  return page.getByRole("table", { name: "Workers" }).getByRole("row").nth(1);
}

const ofUsers = (rows: readonly Row[], lines: readonly LogLine[]): Row[] => {
  const users = new Set(lines.map(({ user }) => user));
  return rows.filter(({ userId }) => users.has(userId ?? ""));
};

/** What an item says of its line. */
function lineOf(row: Row): string {
  const { method, path } = JSON.parse(row.properties ?? "{}") as { method?: string; path?: string };
  return JSON.stringify([row.userId, row.occurredAt, method, path]);
}

test("a worker acknowledges the rate set on the page", async () => {
  await page.goto("/");
  await expect(acknowledgedRate()).toContainText("running");
  await setRate(20);
  await expect(acknowledgedRate()).toContainText("20 WCU/s");
  await expect(page.getByTestId("effective-rate")).toContainText("20");
});

test("a spike of real requests is accepted, and the page shows the backlog rise", async () => {
  await stack.refuseUsers([REFUSED_USER]);
  malformed = [await stack.plant("this is no activity", "planted-1"), await stack.plant('{"v":1,"activity":{}}', "planted-2")];
  const sent = await stack.send([{ id: "planted-activity", userId: REFUSED_USER, type: "chat.message", occurredAt: "2026-01-31T12:00:00Z", properties: { text: "hello" } }]);
  expect(sent).toMatchObject({ status: 202, body: { results: [{ status: "accepted", id: "planted-activity" }] } });

  const spike = await stack.spike("--file", logFile);
  expect(spike.output).toMatch(/accepted\s+2,000/);
  expect(spike.exitCode).toBe(0);
  await expect.poll(() => figure("waiting"), { timeout: 15_000 }).toBeGreaterThan(1_000);
  await expect.poll(() => figure("drain")).toBeLessThanOrEqual(24);
});

test("the rate is raised on the page and the backlog drains at it, under the table's limit", async () => {
  test.setTimeout(150_000);
  await setRate(1_000);
  // The guard: 90 % of the 200 write units that the table has.
  await expect(page.getByTestId("effective-rate")).toContainText("180");
  await expect.poll(() => figure("drain"), { timeout: 20_000 }).toBeGreaterThan(120);
  await expect.poll(() => figure("waiting"), { timeout: 60_000 }).toBe(0);
  await expect.poll(async () => ofUsers(await stack.rows(), log).length, { timeout: 30_000 }).toBe(LINES);
  expect(await figure("throttles")).toBe(0);
});

test("every activity is in the table once, each user's in order, and a replay changes nothing", async () => {
  const rows = ofUsers(await stack.rows(), log);
  const said = log.map(({ user, occurredAt, method, path }) => JSON.stringify([user, occurredAt, method, path]));
  expect(rows.map(lineOf).toSorted()).toEqual(said.toSorted());

  for (const [user, own] of Map.groupBy(inQueueOrder(rows), ({ userId }) => userId)) {
    const sentOrder = log.filter((line) => line.user === user).map(({ occurredAt, method, path }) => JSON.stringify([user, occurredAt, method, path]));
    expect(own.map(lineOf)).toEqual(sentOrder);
    const storedAt = own.map((row) => row.storedAt ?? "");
    expect(storedAt).toEqual(storedAt.toSorted());
  }

  const replay = await stack.spike("--file", logFile);
  expect(replay.output).toMatch(/accepted\s+2,000/);
  // All but the refused user's message, which comes back until its attempts are used up.
  await expect.poll(() => stack.depth("main"), { timeout: 30_000 }).toBeLessThanOrEqual(1);
  const content = ({ acceptedAt: _a, storedAt: _s, sequence: _q, expiresAt: _e, ...rest }: Row) => JSON.stringify(rest);
  expect(ofUsers(await stack.rows(), log).map(content).toSorted()).toEqual(rows.map(content).toSorted());
});

test("support finds one user's activities, newest first, page by page", async () => {
  const byUser = Map.groupBy(log, ({ user }) => user);
  const [user, lines] = [...byUser].reduce((most, next) => (next[1].length > most[1].length ? next : most));
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Activity" }).click();
  await page.getByRole("textbox", { name: "User id" }).fill(user);
  await page.getByRole("button", { name: "Search" }).click();
  const table = page.getByRole("table", { name: "Activities" });
  await expect(table).toBeVisible();
  const more = page.getByRole("button", { name: "Load more" });
  // Hundreds of rows: to find them by role takes a second each time.
  const rows = table.locator("tbody > tr");
  while (await more.isVisible()) {
    const before = await rows.count();
    await more.click();
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBeGreaterThan(before);
  }
  await expect(rows).toHaveCount(lines.length);
  await expect(page.getByText(`End of the list: all ${lines.length}`)).toBeVisible();
  expect(page.url()).not.toContain(user);

  await table.getByRole("button", { name: /^Details of/ }).first().click();
  const details = page.getByRole("dialog");
  await expect(details).toContainText(user);
  await expect(details).toContainText('"path"');
  await page.keyboard.press("Escape");
  await expect(details).toBeHidden();
});

test("planted bad messages stand on the dead-letters page with reason, attempts and body", async () => {
  test.setTimeout(150_000);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Dead letters" }).click();
  const table = page.getByRole("table", { name: "Dead letters" });
  for (const messageId of malformed) {
    await expect(table.getByRole("row").filter({ has: page.getByRole("checkbox", { name: `Select ${messageId}` }) })).toContainText("Unreadable body");
  }
  const planted = table.getByRole("row").filter({ has: page.getByRole("checkbox", { name: "Select planted-activity" }) });
  // Five attempts with growing delays between them.
  await expect(planted).toBeVisible({ timeout: 90_000 });
  await expect(planted).toContainText("Refused by the table");
  await expect(planted).toContainText(REFUSED_USER);

  const detailAnswer = page.waitForResponse(/\/api\/dead-letters\/[0-9a-f-]{36}$/);
  await page.getByRole("button", { name: "Details of planted-activity" }).click();
  const details = page.getByRole("dialog");
  await expect(details).toContainText("planted: this user is refused");
  // The browser has not got what it does not show.
  const detail = await detailAnswer;
  expect(await detail.text()).not.toContain("hello");
  await expect(details).not.toContainText("hello");
  await details.getByRole("button", { name: "Reveal" }).click();
  await expect(details).toContainText("hello");
  const { items } = auditListSchema.parse(await (await page.request.get("/api/audit?action=dead_letter.reveal&limit=1")).json());
  expect(items).toMatchObject([{ target: detail.url().split("/").at(-1), actor: { role: "admin" }, outcome: "done", after: null }]);
  await page.keyboard.press("Escape");
  await expect(details).toBeHidden();

  // Now nothing is left in the queue, and the page says so.
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
  await expect.poll(() => figure("in-flight"), { timeout: 30_000 }).toBe(0);
  expect(await stack.depth("main")).toBe(0);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Dead letters" }).click();
  await expect(table).toBeVisible();
});

test("an admin redrives them: what can be stored is stored, the rest bounces with its reason", async () => {
  test.setTimeout(150_000);
  await stack.refuseUsers([]);
  for (const name of ["planted-activity", ...malformed]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByRole("button", { name: "Redrive 3 selected" }).click();
  const dialog = page.getByRole("dialog", { name: "Redrive dead letters" });
  await dialog.getByRole("button", { name: "Redrive 3" }).click();
  await expect(dialog.getByText("Say why.")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("the table takes this user again");
  await dialog.getByRole("button", { name: "Redrive 3" }).click();
  await expect(dialog).toBeHidden();

  const run = page.getByRole("region", { name: "Redrive run" });
  await expect(run.getByText("Finished", { exact: true })).toBeVisible({ timeout: 60_000 });
  const receipt = run.getByRole("table", { name: "Redrive receipt" });
  await expect(receipt.getByRole("row").filter({ hasText: "planted-activity" })).toContainText("Stored");
  await expect(receipt.getByRole("row").filter({ has: page.getByText("Bounced", { exact: true }) })).toHaveCount(2);
  await expect(receipt.getByRole("row").filter({ hasText: "Unreadable body" })).toHaveCount(2);

  const stored = (await stack.rows()).find(({ userId }) => userId === REFUSED_USER);
  expect(stored).toMatchObject({ id: "planted-activity", type: "chat.message", occurredAt: "2026-01-31T12:00:00.000Z", properties: '{"text":"hello"}' });
  // The sweeper takes the copies of what is resolved; the two new deaths keep theirs.
  await expect.poll(() => stack.depth("dead"), { timeout: 60_000 }).toBe(2);

  await run.getByRole("link", { name: "Full receipt" }).click();
  await expect(page).toHaveURL(/\/dead-letters\/runs\/[0-9a-f-]{36}$/);
  await page.reload();
  await expect(page.getByRole("table", { name: "Redrive receipt" }).getByRole("row")).toHaveCount(4);
});
