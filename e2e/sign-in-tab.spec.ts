import { type BrowserContext, expect, type Page, test } from "@playwright/test";

/*
 * What one person looked for stands in the tab, for reloads. Nobody who comes after them in that tab finds it.
 */
test.use({ storageState: { cookies: [], origins: [] } });

const SEARCHED = "a user whom the first one searched";
const FILTERED = "a user whom the first one filtered by";

const userField = (page: Page) => page.getByRole("textbox", { name: "User id" });
const filterField = (page: Page) => page.getByRole("textbox", { name: "Filter by user id" });
const kept = async (page: Page) => page.evaluate(() => JSON.stringify(Object.entries(window.sessionStorage)));

async function continueAs(page: Page, role: "support" | "admin"): Promise<void> {
  await page.getByRole("button", { name: `Continue as ${role}` }).click();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
}

/** The demo support searches and filters, and a reload of theirs still has both. It ends on the activity page. */
async function look(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await continueAs(page, "support");
  await page.goto("/dead-letters");
  await filterField(page).fill(FILTERED);
  await filterField(page).press("Enter");
  await expect.poll(() => kept(page)).toContain(FILTERED);
  await page.reload();
  await expect(filterField(page)).toHaveValue(FILTERED);
  await page.goto("/activity");
  await userField(page).fill(SEARCHED);
  await userField(page).press("Enter");
  await expect.poll(() => kept(page)).toContain(SEARCHED);
  await page.reload();
  await expect(userField(page)).toHaveValue(SEARCHED);
}

/** Whoever is signed in now meets nothing of the one before, on neither page; nor did the pages ask for it. */
async function expectNothing(page: Page): Promise<void> {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(`${request.url()} ${request.postData() ?? ""}`));
  for (const [path, field] of [["/activity", userField(page)], ["/dead-letters", filterField(page)]] as const) {
    // Also where the tab is on that page already.
    await page.goto(path);
    await expect(field).toBeEnabled();
    await expect(field).toHaveValue("");
    await expect(page.getByRole("main")).not.toContainText("the first one");
  }
  expect(await kept(page)).not.toContain("the first one");
  expect(asked.some((text) => text.includes("/api/dead-letters/search"))).toBe(true);
  expect(asked.filter((text) => decodeURIComponent(text).includes("the first one"))).toEqual([]);
}

/** Somebody else's session in this browser, by no page of this tab. */
async function comeInElsewhere(context: BrowserContext, baseURL: string | undefined): Promise<void> {
  await context.clearCookies();
  const answer = await context.request.post("/api/auth/demo", { headers: { origin: baseURL ?? "" }, data: { role: "admin" } });
  expect(answer.ok()).toBe(true);
}

test("after a session that ended, one who comes in by single sign-on finds nothing of the one before", async ({ page, context, browser, baseURL }) => {
  const email = `tab-${Date.now().toString(36)}@example.com`;
  const admin = await browser.newContext({ storageState: process.env.E2E_SIGNED_IN ?? "" });
  const invited = await admin.request.post("/api/people", { headers: { origin: baseURL ?? "" }, data: { email, name: "Tab", role: "support" } });
  expect(invited.status()).toBe(201);
  await admin.close();
  const present = await fetch(`${process.env.E2E_PROVIDER_URL}/present`, { method: "POST", body: JSON.stringify({ sub: `subject of ${email}`, email, emailVerified: true }) });
  expect(present.ok).toBe(true);

  await look(page);
  await context.clearCookies();
  await page.goto("/activity");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Factivity$/);
  await page.getByRole("button", { name: "Sign in with Test Login" }).click();
  await expect(page).toHaveURL(/\/activity$/);
  await expect(page.getByRole("button", { name: "Account of Tab" })).toBeVisible();
  await expect(userField(page)).toBeEnabled();
  await expect(userField(page)).toHaveValue("");
  await expectNothing(page);
});

test("under an open page the session ends and another demo person comes in: nothing is left", async ({ page, context }) => {
  await look(page);
  await page.goto("/dead-letters");
  await expect(filterField(page)).toHaveValue(FILTERED);
  // The page asks by itself, and is sent to the door.
  await context.clearCookies();
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fdead-letters$/);
  expect(await kept(page)).not.toContain("the first one");
  await continueAs(page, "admin");
  await expectNothing(page);
});

test("one who came in elsewhere reads nothing in the tab of the one before", async ({ page, context, baseURL }) => {
  await look(page);
  await comeInElsewhere(context, baseURL);
  await page.reload();
  await expect(page.getByRole("button", { name: "Account of Demo admin" })).toBeVisible();
  await expect(userField(page)).toBeEnabled();
  await expect(userField(page)).toHaveValue("");
  await expectNothing(page);
});

test("after signing out, Back shows nothing, nor does it to the next who comes in", async ({ page }) => {
  await look(page);
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  expect(await kept(page)).not.toContain("the first one");
  await page.goBack();
  await expect(page).toHaveURL(/\/sign-in\?next=%2Factivity$/);
  await expect(page.getByRole("main")).not.toContainText("the first one");
  await continueAs(page, "admin");
  await expect(page).toHaveURL(/\/activity$/);
  await expect(userField(page)).toBeEnabled();
  await expect(userField(page)).toHaveValue("");
  await page.goBack();
  await expectNothing(page);
});
