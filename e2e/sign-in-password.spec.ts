import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { auditListSchema } from "#lib/contracts/audit.ts";
import { linkAnswerSchema } from "#lib/contracts/people.ts";

/*
 * Somebody changes their own password, by keyboard alone, in both schemes and on a phone.
 */
const FIRST = "the first password of many";
const SECOND = "the second password of many";

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
}

const strangersPage = async (browser: Browser) => (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage();

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("textbox", { name: "E-mail" }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("a person changes their own password by keyboard alone; their other sessions end, and this one goes on", async ({ browser, request }) => {
  // Two people's pages and four scans in one journey.
  test.setTimeout(240_000);
  const email = `ida-${Date.now().toString(36)}@example.com`;
  const invited = await request.post("/api/people", { headers: { "sec-fetch-site": "same-origin" }, data: { email, name: "Ida", role: "operator" } });
  const { link } = linkAnswerSchema.parse(await invited.json());
  const [here, there] = [await strangersPage(browser), await strangersPage(browser)];
  await here.goto(link);
  await here.getByRole("textbox", { name: "Your name" }).fill("Ida Rhodes");
  await here.getByLabel("New password", { exact: true }).fill(FIRST);
  await here.getByRole("button", { name: "Set password and sign in" }).click();
  const account = here.getByRole("button", { name: "Account of Ida Rhodes" });
  await expect(account).toBeVisible();
  await signIn(there, email, FIRST);
  await expect(there.getByRole("navigation", { name: "Main" })).toBeVisible();

  await account.press("Enter");
  const item = here.getByRole("button", { name: "Change password" });
  await expect(item).toBeEnabled();
  await item.press("Enter");
  const dialog = here.getByRole("dialog", { name: "Change your password" });
  await expect(dialog.getByLabel("Current password", { exact: true })).toBeFocused();
  await expect(here.getByRole("region", { name: "Account" })).toBeHidden();
  await here.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(account).toBeFocused();

  await account.press("Enter");
  await item.press("Enter");
  for (const [colorScheme, width] of [["light", 1280], ["dark", 390]] as const) {
    await here.emulateMedia({ colorScheme });
    await here.setViewportSize({ width, height: 800 });
    await expectNoViolations(here);
    await here.screenshot({ path: test.info().outputPath(`password-${colorScheme}-${width}.png`) });
  }
  await here.keyboard.press("Enter");
  await expect(dialog.getByText("Type the password you have now.")).toBeVisible();
  await expect(dialog.getByText(/^At least 15 characters: /)).toBeVisible();
  await dialog.getByLabel("Current password", { exact: true }).focus();
  await here.keyboard.type("not the password of Ida");
  await dialog.getByLabel("New password", { exact: true }).focus();
  await here.keyboard.type(SECOND);
  await here.keyboard.press("Enter");
  await expect(dialog.getByText("This is not your password.")).toBeVisible();
  await expectNoViolations(here);
  await here.screenshot({ path: test.info().outputPath("password-wrong.png") });
  await expect(dialog.getByLabel("Current password", { exact: true })).toBeFocused();
  await here.keyboard.press("ControlOrMeta+a");
  await here.keyboard.type(FIRST);
  await expect(dialog.getByText("This is not your password.")).toBeHidden();
  await here.keyboard.press("Enter");
  await expect(dialog.getByRole("status")).toHaveText("Your password is changed. You were signed out of 1 other session.");
  await expect(dialog.getByRole("button", { name: "Close", exact: true })).toBeFocused();
  await expectNoViolations(here);
  await here.screenshot({ path: test.info().outputPath("password-changed.png") });
  await here.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(account).toBeFocused();

  // This session goes on, the other finds out by itself, and the old password opens nothing.
  await here.goto("/dead-letters");
  await expect(account).toBeVisible();
  await expect(there).toHaveURL(/\/sign-in/);
  await signIn(there, email, FIRST);
  await expect(there.getByRole("main").getByRole("alert")).toContainText("E-mail and password do not fit together");
  await signIn(there, email, SECOND);
  await expect(there.getByRole("navigation", { name: "Main" })).toBeVisible();

  const audit = await (await request.get(`/api/audit?action=person.change_password&who=${encodeURIComponent(email)}`)).text();
  expect(auditListSchema.parse(JSON.parse(audit)).items.map(({ outcome, error }) => [outcome, error])).toEqual([
    ["done", null],
    ["refused", "wrong_password"],
  ]);
  for (const secret of [FIRST, SECOND, "not the password of Ida"]) expect(audit).not.toContain(secret);
  for (const page of [here, there]) await page.context().close();
});

test("who has no password here is offered none to change", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: /^Account of Demo/ }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Change password" })).toHaveCount(0);
});
