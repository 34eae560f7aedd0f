import { type Browser, expect, type Page, test } from "@playwright/test";
import { expectNoViolations, expectSound } from "#e2e/accessible.ts";
import { MARKUP } from "#e2e/hostile-text.ts";
import { pressOn, typeInto } from "#e2e/keyboard.ts";
import { expectShown, watch } from "#e2e/watch.ts";
import { linkAnswerSchema } from "#lib/contracts/people.ts";

/*
 * An admin invites somebody, who comes in by the link; then rights and sessions are taken away, at once. One after the
 * other, on the same people.
 */
test.describe.configure({ mode: "serial" });

const PASSWORD = "a password of many letters";
const unique = Date.now().toString(36);
const EMAIL = `grace-${unique}@example.com`;

let grace: Page;
let link: string;

const strangersPage = async (browser: Browser) => (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage();
const row = (page: Page) => page.getByRole("table", { name: "People" }).getByRole("row").filter({ hasText: EMAIL });

test.beforeAll(async ({ browser }) => {
  grace = await strangersPage(browser);
});
test.afterAll(async () => {
  await grace.context().close();
});

async function manage(page: Page) {
  await page.goto("/people");
  await row(page).getByRole("button", { name: /^Manage/ }).click();
  return page.getByRole("dialog");
}

test("an admin invites somebody by keyboard alone, and is shown a link once", async ({ page }) => {
  await page.goto("/people");
  await expect(page.getByRole("table", { name: "People" })).toContainText("admin@demo.invalid");
  await expectNoViolations(page);
  await pressOn(page.getByRole("button", { name: "Invite" }));
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  await expect(dialog.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("This is no e-mail address.")).toBeVisible();
  await expectSound(page, "invite");
  await page.keyboard.type("Grace");
  await typeInto(dialog.getByRole("textbox", { name: "E-mail" }), EMAIL);
  await pressOn(dialog.getByRole("combobox", { name: "Role" }), "o");
  await pressOn(dialog.getByRole("button", { name: "Invite" }));
  const shown = page.getByRole("dialog", { name: "A link to sign in with" });
  await expect(shown.getByTestId("new-link")).toBeVisible();
  link = (await shown.getByTestId("new-link").textContent()) ?? "";
  expect(link).toMatch(/\/invitation#[\w-]{43}$/);
  await expect(shown.getByRole("button", { name: "Copy link" })).toBeFocused();
  await expectSound(page, "new-link");
  await pressOn(shown.getByRole("button", { name: "Done" }));
  await expect(shown).toBeHidden();
  await expect(page.getByRole("button", { name: "Invite" })).toBeFocused();
  await expect(row(page)).toContainText("Operator");
  await expect(row(page)).toContainText("Invited");
});

test("the link sets a password by keyboard alone, once, and its person is in with their role", async ({ browser }) => {
  await grace.goto(link);
  await typeInto(grace.getByRole("textbox", { name: "Your name" }), "Grace Hopper");
  await typeInto(grace.getByLabel("New password", { exact: true }), "short");
  await grace.keyboard.press("Enter");
  await expect(grace.getByText(/^At least 15 characters: /)).toBeVisible();
  await grace.keyboard.press("ControlOrMeta+a");
  await grace.keyboard.type(PASSWORD);
  await pressOn(grace.getByRole("button", { name: "Set password and sign in" }));
  await expect(grace.getByRole("button", { name: "Account of Grace Hopper" })).toBeVisible();
  await expect(grace.getByRole("button", { name: "Apply" })).toBeVisible();
  expect(grace.url()).not.toContain("#");

  const other = await strangersPage(browser);
  await other.goto(link);
  await other.getByRole("textbox", { name: "Your name" }).fill("Eve");
  await other.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await other.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(other.getByRole("main").getByRole("alert")).toContainText("It was used, replaced or is too old.");
  await other.context().close();
});

test("another role, given by keyboard alone, ends the session at once, and counts from the next sign-in on", async ({ page }) => {
  await page.goto("/people");
  await pressOn(row(page).getByRole("button", { name: /^Manage/ }));
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByRole("list", { name: "Sessions of Grace Hopper" }).getByRole("listitem")).toHaveCount(1);
  const role = drawer.getByRole("combobox", { name: "Role" });
  await pressOn(role, "ArrowUp");
  await expect(role).toHaveValue("support");
  await pressOn(drawer.getByRole("button", { name: "Change role" }));
  await expect(drawer.getByText("Signed in nowhere")).toBeVisible();
  // The page that Grace left open finds out by itself.
  await expect(grace).toHaveURL(/\/sign-in$|\/sign-in\?next=%2F$/);
  await grace.goto("/sign-in");
  await typeInto(grace.getByRole("textbox", { name: "E-mail" }), EMAIL.toUpperCase());
  await typeInto(grace.getByLabel("Password", { exact: true }), PASSWORD);
  await pressOn(grace.getByRole("button", { name: "Sign in", exact: true }));
  await expect(grace.getByText("Operators and admins set the rate.")).toBeVisible();
});

test("a session is ended from the list", async ({ page }) => {
  const drawer = await manage(page);
  await drawer.getByRole("button", { name: /^End the session from 127\.0\.0\.1/ }).click();
  await expect(drawer.getByText("Signed in nowhere")).toBeVisible();
  await expect(grace).toHaveURL(/\/sign-in/);
});

test("who is disabled is out, and stays out with the right password, until let in again", async ({ page }) => {
  const enter = async () => {
    await grace.goto("/sign-in");
    await grace.getByRole("textbox", { name: "E-mail" }).fill(EMAIL);
    await grace.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await grace.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  await enter();
  await expect(grace.getByRole("navigation", { name: "Main" })).toBeVisible();
  const drawer = await manage(page);
  await drawer.getByRole("button", { name: "Disable" }).click();
  await expect(drawer.getByRole("button", { name: "Let in again" })).toBeVisible();
  await expect(grace).toHaveURL(/\/sign-in/);
  await enter();
  await expect(grace.getByRole("main").getByRole("alert")).toHaveText("E-mail and password do not fit together, or this person may not sign in.");
  await drawer.getByRole("button", { name: "Let in again" }).click();
  await expect(drawer.getByRole("button", { name: "Disable" })).toBeVisible();
  await enter();
  await expect(grace.getByRole("navigation", { name: "Main" })).toBeVisible();
});

test("nobody changes themselves, nor a demo person; and all of it is in the audit log", async ({ page, request, baseURL }) => {
  await page.goto("/people");
  await page.getByRole("button", { name: "Manage Demo admin" }).click();
  await expect(page.getByRole("dialog").getByRole("button", { name: "Disable" })).toHaveCount(0);
  const people = ((await (await request.get("/api/people")).json()) as { items: { id: string; email: string }[] }).items;
  for (const { id } of people.filter(({ email }) => email.endsWith("@demo.invalid"))) {
    const answer = await request.post(`/api/people/${id}/role`, { headers: { origin: baseURL ?? "" }, data: { role: "admin" } });
    expect(answer.status()).toBe(409);
  }
  const log = JSON.stringify(await (await request.get("/api/audit")).json());
  for (const action of ["person.invite", "person.set_password", "person.role", "session.end", "person.disable", "person.enable", "session.sign_in"]) expect(log, action).toContain(action);
  expect(log).not.toContain(PASSWORD);
  expect(log).not.toContain(link.split("#")[1] ?? "no token");
});

/** What only runs where markup is taken for markup: in a name, and in what a browser calls itself. */
const HOSTILE = MARKUP.slice(0, 100);

test("markup in a name, in an invited e-mail and in what a browser calls itself runs nowhere", async ({ page, browser, request, baseURL }) => {
  const found = await watch(page);
  const headers = { origin: baseURL ?? "" };
  for (const wrong of ["<img/src=x/onerror=globalThis.ran=1>@example.com", '"<svg onload=globalThis.ran=1>"@example.com', "javascript:globalThis.ran=1@example.com", "grace@<script>globalThis.ran=1</script>.com"]) {
    expect((await request.post("/api/people", { headers, data: { email: wrong, name: "Eve", role: "operator" } })).status(), wrong).toBe(422);
  }
  // As close to code as an address can be.
  const email = `o'onload+globalthis.ran+1'-${unique}@example.com`;
  const invited = await request.post("/api/people", { headers, data: { email, name: HOSTILE, role: "operator" } });
  expect(invited.status(), await invited.text()).toBe(201);
  const { link: theirLink } = linkAnswerSchema.parse(await invited.json());

  const context = await browser.newContext({ storageState: { cookies: [], origins: [] }, userAgent: HOSTILE });
  const theirs = await context.newPage();
  const foundThere = await watch(theirs);
  const entered = await context.request.post("/api/auth/link", { headers, data: { token: theirLink.split("#")[1], name: HOSTILE, password: PASSWORD } });
  expect(entered.status(), await entered.text()).toBe(200);
  await theirs.goto("/");
  await theirs.getByRole("button", { name: /^Account of/ }).click();
  await expect(theirs.getByRole("region", { name: "Account" })).toContainText(HOSTILE);
  await expectShown(theirs, HOSTILE);
  expect(foundThere).toEqual([]);

  await page.goto("/people");
  await page.getByRole("row").filter({ hasText: email }).getByRole("button", { name: /^Manage/ }).click();
  await expect(page.getByRole("dialog").getByRole("listitem")).toContainText(HOSTILE.slice(0, 40));
  await page.getByRole("dialog").getByRole("button", { name: "New password link" }).click();
  await expect(page.getByTestId("new-link")).toBeVisible();
  await expectShown(page, HOSTILE);
  // Their name and e-mail as actor, target and value, in the list and in an act's details.
  await page.goto(`/audit?who=${encodeURIComponent(email)}`);
  await expectShown(page, HOSTILE);
  await page.getByRole("button", { name: /^Details of/ }).first().click();
  await expect(page.getByRole("dialog")).toContainText(email);
  await expectShown(page, HOSTILE);
  expect(found).toEqual([]);
  await context.close();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`the people page fits and is accessible, ${colorScheme}, ${width} px`, async ({ browser }) => {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      const drawer = await manage(page);
      await expect(drawer).toContainText("Grace Hopper");
      await expectNoViolations(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      await page.screenshot({ path: test.info().outputPath(`people-${colorScheme}-${width}.png`) });
      await page.keyboard.press("Escape");
      await expect(drawer).toBeHidden();
      await page.screenshot({ path: test.info().outputPath(`people-list-${colorScheme}-${width}.png`) });
      await context.close();
    });
  }
}
