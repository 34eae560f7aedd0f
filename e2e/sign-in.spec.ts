import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { expectNoViolations } from "#e2e/accessible.ts";
import { pressOn, tabTo } from "#e2e/keyboard.ts";

/*
 * The door: who comes in, as what, and what stays shut. Each test begins with nobody signed in.
 */
test.use({ storageState: { cookies: [], origins: [] } });

const PAGES = ["/", "/dead-letters", "/activity", "/keys", "/audit"];

async function signIn(page: Page, role: "support" | "operator" | "admin"): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: `Continue as ${role}` }).click();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
}

const sessionCookie = async (context: BrowserContext) => (await context.cookies()).find(({ name }) => name.includes("session"));

test("nobody sees anything but the door, and comes out where they wanted to go", async ({ page }) => {
  for (const path of PAGES) {
    await page.goto(path);
    await expect(page).toHaveURL(path === "/" ? /\/sign-in$/ : new RegExp(`/sign-in\\?next=${encodeURIComponent(path)}$`));
    await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
    await expect(page.getByRole("banner")).not.toContainText("activities.fifo");
    await expect(page.getByRole("navigation", { name: "Main" })).toHaveCount(0);
  }
  await page.goto("/dead-letters");
  await page.getByRole("button", { name: "Continue as operator" }).click();
  await expect(page).toHaveURL(/\/dead-letters$/);
  await expect(page.getByRole("heading", { level: 1, name: "Dead letters" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`the door is accessible and fits, ${colorScheme}, ${width} px`, async ({ browser }) => {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      for (const path of ["/sign-in", "/sign-in?problem=not_invited", "/invitation", `/invitation#${"a".repeat(43)}`]) {
        await page.goto("about:blank");
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expectNoViolations(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
        await page.screenshot({ path: test.info().outputPath(`${path.replaceAll(/\W+/g, "-").slice(1, 20)}-${colorScheme}-${width}.png`) });
      }
      await context.close();
    });
  }
}

test("by keyboard alone: in as support, to the account, and out", async ({ page, context }) => {
  await page.goto("/sign-in?next=/activity");
  await pressOn(page.getByRole("button", { name: /^Continue as support/ }));
  await expect(page).toHaveURL(/\/activity$/);
  await pressOn(page.getByRole("button", { name: /^Account of/ }));
  const account = page.getByRole("region", { name: "Account" });
  await expect(account).toContainText("Role: support");
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(account).toBeHidden();
  await page.keyboard.press("Enter");
  await tabTo(page.getByRole("button", { name: "Sign out" }));
  const before = await sessionCookie(context);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/sign-in$/);
  expect(await sessionCookie(context)).toBeUndefined();
  // A copy of the cookie opens nothing either.
  if (before === undefined) throw new Error("there was no session cookie");
  await context.addCookies([before]);
  await page.goto("/activity");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Factivity$/);
});

test("each role finds what is for it, and is told where something is not", async ({ page }) => {
  const links = async () => page.getByRole("navigation", { name: "Main" }).getByRole("link").allTextContents();
  await signIn(page, "support");
  expect(await links()).toEqual(["Overview", "Dead letters", "Activity"]);
  await expect(page.getByText("Operators and admins set the rate.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Apply" })).toHaveCount(0);
  await page.goto("/dead-letters");
  await expect(page.getByText("Admins redrive.")).toBeVisible();
  expect((await page.goto("/keys"))?.status()).toBe(403);
  await expect(page.getByRole("heading", { level: 1, name: "This page is not for your role" })).toBeVisible();
  await expectNoViolations(page);

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await signIn(page, "operator");
  expect(await links()).toEqual(["Overview", "Dead letters"]);
  await expect(page.getByRole("button", { name: "Apply" })).toBeVisible();
  expect((await page.goto("/activity"))?.status()).toBe(403);
});

test("a wrong password is told nothing more than that, and no token stands in an answer", async ({ page, request, baseURL }) => {
  await page.goto("/sign-in");
  await page.getByRole("textbox", { name: "E-mail" }).fill("nobody@example.com");
  await page.getByLabel("Password", { exact: true }).fill("not the password at all");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("main").getByRole("alert")).toHaveText("E-mail and password do not fit together, or this person may not sign in.");
  // A demo person has no password that could be guessed.
  await page.getByRole("textbox", { name: "E-mail" }).fill("admin@demo.invalid");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("main").getByRole("alert")).toHaveText("E-mail and password do not fit together, or this person may not sign in.");
  await expectNoViolations(page);

  const answer = await request.post("/api/auth/demo", { headers: { origin: baseURL ?? "", "content-type": "application/json" }, data: { role: "admin" } });
  expect(await answer.json()).toEqual({ done: true });
  expect(answer.headers()["set-cookie"]).toMatch(/^spillway\.session=[^;]+;.*HttpOnly.*SameSite=Lax/i);
});

test("a session that ends while the page is open leads to the door, and back", async ({ page, context }) => {
  await signIn(page, "operator");
  await page.goto("/?range=1h");
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");
  await context.clearCookies();
  await expect(page).toHaveURL(/\/sign-in\?next=%2F%3Frange%3D1h$/);
  await page.getByRole("button", { name: "Continue as operator" }).click();
  await expect(page).toHaveURL(/\/\?range=1h$/);
});

test("single sign-on, there and back: an invited person comes in where they wanted to go, and nobody else does", async ({ page, browser, baseURL }) => {
  const somebody = async (email: string, emailVerified = true) => {
    const answer = await fetch(`${process.env.E2E_PROVIDER_URL}/present`, { method: "POST", body: JSON.stringify({ sub: `subject of ${email}`, email, emailVerified }) });
    expect(answer.ok).toBe(true);
  };
  const email = `sso-${Date.now().toString(36)}@example.com`;
  const enter = async () => {
    await page.goto("/sign-in?next=/dead-letters");
    await page.getByRole("button", { name: "Sign in with Test Login" }).click();
  };
  await somebody(email);
  await enter();
  await expect(page.getByRole("main").getByRole("alert")).toHaveText("You are known there, but nobody has invited you here. Ask an admin.");

  const admin = await browser.newContext({ storageState: process.env.E2E_SIGNED_IN ?? "" });
  const invited = await admin.request.post("/api/people", { headers: { origin: baseURL ?? "" }, data: { email, name: "Sam", role: "support" } });
  expect(invited.status()).toBe(201);
  await admin.close();
  await somebody(email, false);
  await enter();
  await expect(page.getByRole("main").getByRole("alert")).toHaveText("Your e-mail address is not verified there. Verify it, then try again.");
  await somebody(email);
  await enter();
  await expect(page).toHaveURL(/\/dead-letters$/);
  await expect(page.getByRole("button", { name: "Account of Sam" })).toBeVisible();
});

test("no path of the library's own is served, and none leads elsewhere after signing in", async ({ page, request, baseURL }) => {
  const headers = { origin: baseURL ?? "", "content-type": "application/json" };
  for (const path of ["sign-up/email", "sign-in/email", "sign-in/social", "get-session", "list-sessions", "update-user", "change-password", "request-password-reset", "callback/google", "error", "ok", "delete-user"]) {
    for (const answer of [await request.get(`/api/auth/${path}`), await request.post(`/api/auth/${path}`, { headers, data: {} })]) expect([404, 405], path).toContain(answer.status());
  }
  for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByRole("button", { name: "Continue as support" }).click();
    await expect(page).toHaveURL(`${baseURL}/`);
    await page.context().clearCookies();
  }
});
