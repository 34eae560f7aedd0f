import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import type { DeadLetterDetail, DeadLetterList } from "#lib/contracts/dead-letters.ts";
import { type Overview, overviewSchema } from "#lib/contracts/overview.ts";

/*
 * The states that a healthy stack does not show: a source that fails, a server that is gone, empty pages, dialogs.
 * What the page is answered is changed on its way; the page itself is the real one.
 */

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
}

/** Changes each answer about the queue from now on. */
async function answerOverview(page: Page, change: (overview: Overview) => Overview): Promise<void> {
  await page.route("**/api/overview", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: change(overviewSchema.parse(await answer.json())) });
  });
}

// The pages poll: an answer that is being changed when a test ends is nobody's failure.
test.afterEach(({ page }) => page.unrouteAll({ behavior: "ignoreErrors" }));

const tile = (page: Page, label: string) => page.getByRole("group", { name: label, exact: true });

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("a source that fails shows no number, and says why", async ({ page }) => {
      const failed = { state: "error", error: "connection refused" } as const;
      await answerOverview(page, (overview) => ({
        ...overview,
        figures: { ...overview.figures, waiting: { ...failed, source: "SQS" }, drain: { ...failed, source: "worker samples" }, timeToDrain: { ...failed, source: "SQS and samples" } },
        dial: { ...failed, source: "drain row" },
        workers: { ...failed, source: "worker registry" },
      }));
      await page.goto("/");
      for (const id of ["waiting", "drain", "write-units", "time-to-drain"]) await expect(page.getByTestId(`figure-${id}`)).toHaveText("–");
      await expect(tile(page, "Waiting")).toContainText("connection refused");
      await expect(tile(page, "Waiting")).toContainText("no reading");
      await expect(page.getByTestId("state-sentence")).toContainText("Unknown: The queue cannot be read: connection refused.");
      await expect(page.getByText("The dial cannot be read: connection refused.")).toBeVisible();
      await expect(page).toHaveTitle("Unknown · Spillway");
      await expectNoViolations(page);
    });

    test("an old reading is shown as old, also in words", async ({ page }) => {
      await answerOverview(page, (overview) => ({
        ...overview,
        figures: { ...overview.figures, waiting: { state: "stale", value: 4_839, source: "SQS", asOf: new Date(Date.parse(overview.at) - 40_000).toISOString(), error: "no answer in time" } },
      }));
      await page.goto("/");
      await expect(page.getByTestId("figure-waiting")).toHaveText("4,839");
      await expect(tile(page, "Waiting")).toHaveAttribute("data-state", "stale");
      await expect(tile(page, "Waiting")).toContainText("no answer in time");
      await expect(page.getByTestId("figure-waiting-source")).toContainText(/Old reading: 4\d s ago · SQS/);
      await expect(page.getByTestId("state-sentence")).toContainText("Not live");
      // The tab never shows an old number.
      await expect(page).toHaveTitle("Not live · Spillway");
      await expectNoViolations(page);
    });
  });
}

test("a page whose server is gone lets nothing pass for live, and recovers by itself", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");
  await page.route("**/api/**", (route) => route.abort());
  const alert = page.getByRole("alert").filter({ hasText: "cannot be reached" });
  await expect(alert).toBeVisible();
  // Only what stays the same is in the alert: an age in it would be read out each second.
  await expect(alert).toHaveText("The dashboard's server cannot be reached. The page keeps asking.");
  for (const label of ["Waiting", "In flight", "Time to drain", "Arrival", "Drain", "Write units", "Throttles", "Dead letters"]) {
    await expect(tile(page, label)).not.toHaveAttribute("data-state", "ok");
  }
  await expect(page).toHaveTitle("Not live · Spillway");
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "stale", { timeout: 15_000 });
  await expectNoViolations(page);
  await page.unroute("**/api/**");
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");
  await expect(alert).toBeHidden();
  await expect(tile(page, "Waiting")).toHaveAttribute("data-state", "ok");
});

const count = (value: number) => ({ value, capped: false });

const death: DeadLetterDetail = {
  id: "00000000-0000-4000-8000-000000000001",
  messageId: "00000000-0000-4000-8000-000000000002",
  userId: "ann",
  activityId: "activity-1",
  type: "page.view",
  occurredAt: "2026-01-31T11:59:00.000Z",
  reason: "rejected_by_table",
  error: "ValidationException: Item size has exceeded the maximum allowed size",
  attempts: 5,
  worker: "worker-1",
  sentAt: "2026-01-31T12:00:00.000Z",
  firstFailedAt: "2026-01-31T12:00:10.000Z",
  lastFailedAt: "2026-01-31T12:01:00.000Z",
  diedAt: "2026-01-31T12:01:01.000Z",
  status: "open",
  resolvedAt: null,
  awaitingSweep: false,
  redrive: null,
  redrivenFrom: null,
  maskedBody: '{"v":1}',
  bodyBytes: 7,
  history: [{ at: "2026-01-31T12:00:10.000Z", worker: "worker-1", reason: "rejected_by_table", error: "too large" }],
};

/** Answers for the ledger: these deaths, nothing failing, no run. */
async function answerDeadLetters(page: Page, deaths: readonly DeadLetterDetail[]): Promise<void> {
  const list: DeadLetterList = {
    items: deaths.map(({ maskedBody: _masked, bodyBytes: _bytes, history: _history, ...row }) => row),
    nextCursor: null,
    counts: { open: count(deaths.length), awaitingSweep: count(0), failing: count(0) },
  };
  await page.route("**/api/dead-letters/*", (route) => route.fulfill({ json: deaths.find(({ id }) => route.request().url().endsWith(id)) ?? { items: [] } }));
  await page.route("**/api/dead-letters/search*", (route) => route.fulfill({ json: list }));
  await page.route("**/api/redrives", (route) => route.fulfill({ json: { items: [] } }));
}

test("empty pages say so and are accessible", async ({ page }) => {
  await answerDeadLetters(page, []);
  await page.goto("/dead-letters");
  await expect(page.getByText("No dead letters. Nothing has failed for good.")).toBeVisible();
  await expect(page.getByText("Nothing is failing")).toBeVisible();
  await expect(page.getByText("No redrive yet")).toBeVisible();
  await expectNoViolations(page);

  await page.goto("/activity");
  await page.getByRole("textbox", { name: "User id" }).fill("a user who did nothing");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText(/^No activities of this user/)).toBeVisible();
  await expectNoViolations(page);

  await page.goto("/nowhere");
  await expect(page.getByRole("heading", { level: 1, name: "There is nothing at this address" })).toBeVisible();
  await expectNoViolations(page);
});

test("drawer and dialog are accessible, and give the focus back", async ({ page }) => {
  await answerDeadLetters(page, [death]);
  await page.goto("/dead-letters");
  await page.getByRole("button", { name: "Details of activity-1" }).click();
  const drawer = page.getByRole("dialog", { name: "Dead letter" });
  await expect(drawer).toContainText("Item size has exceeded");
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expect(page.getByRole("button", { name: "Details of activity-1" })).toBeFocused();

  await page.getByRole("checkbox", { name: "Select activity-1" }).check();
  await page.getByRole("button", { name: "Redrive 1 selected" }).click();
  const dialog = page.getByRole("dialog", { name: "Redrive dead letters" });
  await expect(dialog.getByRole("textbox", { name: "Reason" })).toBeFocused();
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Redrive 1 selected" })).toBeFocused();
});

test("a body is revealed by keyboard, after a failure that says so, and forgotten with the drawer", async ({ page }) => {
  await answerDeadLetters(page, [{ ...death, maskedBody: '{"activity":{"properties":{"note":"(string)"}}}' }]);
  let answers = 0;
  await page.route(`**/api/dead-letters/${death.id}/reveal`, (route) => {
    answers += 1;
    return answers === 1
      ? route.fulfill({ status: 503, contentType: "application/problem+json", json: { type: "urn:spillway:problem:audit_unavailable", title: "The audit log cannot be written", status: 503, code: "audit_unavailable" } })
      : route.fulfill({ json: { body: '{"note":"for one pair of eyes"}' } });
  });
  await page.goto("/dead-letters");
  await page.getByRole("button", { name: "Details of activity-1" }).click();
  const drawer = page.getByRole("dialog", { name: "Dead letter" });
  await expect(drawer.getByRole("figure", { name: "Body without its values" })).toContainText('"note": "(string)"');
  await page.screenshot({ path: test.info().outputPath("body-masked.png") });
  await drawer.getByRole("button", { name: "Reveal" }).press("Enter");
  await expect(drawer.getByRole("alert")).toContainText("The audit log cannot be written");
  await expectNoViolations(page);
  await drawer.getByRole("button", { name: "Reveal" }).press("Enter");
  const revealed = drawer.getByRole("region", { name: "Revealed body" });
  await expect(revealed).toContainText("for one pair of eyes");
  await expect(revealed).toBeFocused();
  await page.screenshot({ path: test.info().outputPath("body-revealed.png") });
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await page.getByRole("button", { name: "Details of activity-1" }).click();
  await expect(drawer.getByText("Body hidden.")).toBeVisible();
  await expect(drawer).not.toContainText("for one pair of eyes");
});

test("the colour scheme is chosen by keyboard and outlives a reload", async ({ page }) => {
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  await page.goto("/activity");
  for (const [choice, value] of [["Dark", "dark"], ["Light", "light"]] as const) {
    await page.getByRole("button", { name: "Colour scheme" }).press("Enter");
    const options = page.getByRole("group", { name: "Colour scheme" });
    await options.getByRole("button", { name: choice }).press("Enter");
    await expect(options).toBeHidden();
    await expect.poll(scheme).toBe(value);
    await page.reload();
    expect(await scheme()).toBe(value);
  }
});

test("the range stands in the address and comes back", async ({ page }) => {
  await page.goto("/");
  const range = (name: string) => page.getByRole("radiogroup", { name: "Range" }).getByRole("radio", { name, exact: true });
  await page.getByRole("radiogroup", { name: "Range" }).getByText("5m", { exact: true }).click();
  await expect(page).toHaveURL(/\?range=5m$/);
  await page.reload();
  await expect(range("5m")).toBeChecked();
  await page.getByRole("link", { name: "Activity" }).click();
  await expect(page).toHaveTitle("Activity · Spillway");
  await page.goBack();
  await expect(page).toHaveURL(/\?range=5m$/);
  await expect(range("5m")).toBeChecked();
});
