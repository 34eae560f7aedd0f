import { readFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { auditActSchema, auditListSchema } from "#lib/contracts/audit.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";

/*
 * The audit log as an admin uses it: find, read, export, verify. The dial ends as it was found.
 */
test.describe.configure({ mode: "serial" });

const OURS = { "sec-fetch-site": "same-origin" };
const PAYLOAD = `=HYPERLINK("http://evil.example/","<img src=x onerror=alert(1)>")`;

async function setRate(request: APIRequestContext, rateWcuPerSecond: number, reason: string) {
  const { drain } = drainAnswerSchema.parse(await (await request.get("/api/drain")).json());
  const answer = await request.post("/api/drain", { headers: OURS, data: { rateWcuPerSecond, reason, expectedVersion: drain.version } });
  expect(answer.status(), await answer.text()).toBe(200);
  return { before: drain.rateWcuPerSecond, reason };
}

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
}

const table = (page: Page) => page.getByRole("table", { name: "Audit log" });

test("an act is found by what and who, read with its before and after, and the address holds all of it", async ({ page, request }) => {
  const reason = `audit journey ${Date.now()}`;
  const { before } = await setRate(request, 66, reason);
  await setRate(request, before, "back to where it was");

  await page.goto("/audit");
  await page.getByLabel("What").selectOption({ label: "Drain rate set" });
  await expect(page).toHaveURL(/\/audit\?action=drain\.rate$/);
  const row = table(page).getByRole("row").filter({ hasText: reason });
  await expect(row).toContainText(`rate WCU per second ${before} → 66`);
  await expect(row).toContainText("Done");

  // By keyboard: into the row, its details open, and closed again.
  const open = row.getByRole("button", { name: /^Details of Drain rate set/ });
  await page.getByLabel("Who").focus();
  for (let presses = 0; presses < 80 && !(await open.evaluate((element) => element === document.activeElement)); presses += 1) await page.keyboard.press("Tab");
  await expect(open).toBeFocused();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "Audited act" });
  await expect(drawer.getByRole("row", { name: `rate WCU per second ${before} 66` })).toBeVisible();
  await expect(drawer).toContainText(reason);
  await expect(page).toHaveURL(/action=drain\.rate&act=[0-9a-f-]{36}$/);
  await expectNoViolations(page);
  await page.reload();
  await expect(drawer).toContainText(reason);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();

  await page.getByLabel("Who").fill("nobody of that name");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No act fits these filters")).toBeVisible();
  await expect(page).toHaveURL(/who=nobody\+of\+that\+name/);
  await page.goBack();
  await expect(row).toBeVisible();
  await page.getByRole("button", { name: "Clear all filters" }).click();
  await expect(page).toHaveURL(/\/audit$/);
});

test("a range that ends before it begins is told, and not asked for", async ({ page }) => {
  await page.goto("/audit");
  await page.getByLabel("From").fill("2026-01-02T00:00:00");
  await page.getByLabel("To", { exact: true }).fill("2026-01-01T00:00:00");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByText("Must not be before From.")).toBeVisible();
  await expect(page).toHaveURL(/\/audit$/);
});

test("exports hold what is filtered, run nothing in a spreadsheet, and are audited", async ({ page, request }) => {
  const { before } = await setRate(request, 67, PAYLOAD);
  await setRate(request, before, "back to where it was");
  await page.goto("/audit?action=drain.rate");
  await expect(table(page).getByText(PAYLOAD)).toBeVisible();
  await expect(page.locator("img[src=x]")).toHaveCount(0);

  const download = async (name: string) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
  };
  const csv = await download("Export CSV");
  expect(csv.name).toMatch(/^spillway-audit-.*\.csv$/);
  expect(csv.text).toContain(`"'=HYPERLINK(""http://evil.example/""`);
  expect(csv.text).not.toMatch(/(^|,)"?[=+@]/m);
  const ndjson = await download("Export NDJSON");
  const acts = ndjson.text.trim().split("\n").map((line) => auditActSchema.parse(JSON.parse(line)));
  expect(acts.length).toBeGreaterThan(0);
  expect(new Set(acts.map(({ action }) => action))).toEqual(new Set(["drain.rate"]));
  expect(acts.some(({ reason }) => reason === PAYLOAD)).toBe(true);

  const { items } = auditListSchema.parse(await (await request.get("/api/audit?action=audit.export&limit=2")).json());
  expect(items).toMatchObject([
    { outcome: "done", asked: '{"format":"ndjson","action":"drain.rate"}', after: `{"acts":${acts.length}}`, actor: { role: "admin" } },
    { outcome: "done", asked: '{"format":"csv","action":"drain.rate"}' },
  ]);
});

test("the chain is verified from the page, and the log is closed to the dashboard's own login", async ({ page }) => {
  await page.goto("/audit");
  await page.getByRole("button", { name: "Verify the chain" }).click();
  await expect(page.getByText(/^Whole: [\d,]+ rows\.$/)).toBeVisible();
  await expect(page.getByText("not protected from this dashboard")).toHaveCount(0);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`the log is accessible and fits, ${colorScheme}, ${width} px`, async ({ browser }) => {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      await page.goto("/audit");
      await expect(table(page)).toBeVisible();
      await expectNoViolations(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      await page.screenshot({ path: test.info().outputPath(`audit-${colorScheme}-${width}.png`) });
      await context.close();
    });
  }
}
