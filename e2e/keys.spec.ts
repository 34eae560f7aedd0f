import { expect, type Page, test } from "@playwright/test";
import { expectSound } from "#e2e/accessible.ts";
import { MARKUP } from "#e2e/hostile-text.ts";
import { pressOn } from "#e2e/keyboard.ts";
import { openStack, type Stack } from "#e2e/stack.ts";
import { expectShown, watch } from "#e2e/watch.ts";
import { API_KEY_LIMITS, newApiKeySchema } from "#lib/contracts/api-keys.ts";
import { auditListSchema } from "#lib/contracts/audit.ts";

/*
 * A producer's key through its life: created and shown once, used, rotated beside the old one, revoked. One after the
 * other, on one page.
 */
test.describe.configure({ mode: "serial" });

const NAME = "web shop";

let stack: Stack;
let page: Page;
/** The keys as the page showed them, in the order they were made. */
const shown: string[] = [];

test.beforeAll(async ({ browser }) => {
  stack = await openStack();
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  page = await context.newPage();
});

test.afterAll(async () => {
  stack.close();
  await page.context().close();
});

const idOf = (key: string | undefined) => key?.split("_")[2] ?? "";
const rowOf = (key: string | undefined) => page.getByRole("table", { name: "Live API keys" }).getByRole("row").filter({ hasText: idOf(key) });
const dialog = (name: string) => page.getByRole("dialog", { name });

/** What the public API answers to an activity sent with this key. */
const send = (key: string | undefined, id: string) => stack.sendWith(key ?? "", [{ id, userId: "keys journey", type: "page.view", occurredAt: "2026-01-31T12:00:00Z" }]);

/** The key that the dialog shows, which is the one on the clipboard after Copy; then it is kept. By keyboard alone. */
async function keepNewKey(): Promise<void> {
  const made = dialog("The new API key");
  const key = await made.getByTestId("new-key").textContent();
  await expect(made.getByRole("button", { name: "Copy key" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(made.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  expect(key).toMatch(/^sw_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/);
  await page.keyboard.press("Escape");
  await expect(made).toBeVisible();
  if (shown.length === 0) await expectSound(page, "new-key");
  await pressOn(made.getByRole("button", { name: "I have kept it" }));
  await expect(made).toBeHidden();
  shown.push(key ?? "");
}

test("an admin makes a key by keyboard alone; it is shown once and opens the public API", async () => {
  await page.goto("/keys");
  await expect(page.getByRole("table", { name: "Live API keys" })).toContainText("local");
  const create = page.getByRole("button", { name: "Create key" });
  await pressOn(create);
  const form = dialog("Create an API key");
  await expect(form.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(form.getByText("Say who will use it.")).toBeVisible();
  await expectSound(page, "create-key");
  await page.keyboard.type(NAME);
  await pressOn(form.getByRole("checkbox", { name: "read" }), "Space");
  await pressOn(form.getByRole("combobox", { name: "Expires" }), "ArrowUp");
  await pressOn(form.getByRole("button", { name: "Create key" }));
  await keepNewKey();
  await expect(create).toBeFocused();

  const [key] = shown;
  await expect(rowOf(key)).toContainText(NAME);
  await expect(rowOf(key).locator('[data-column="scopes"]')).toContainText("ingest, read");
  await expect(rowOf(key).locator('[data-column="expires"]')).toContainText("in 89 d");
  await expect(rowOf(key).locator('[data-column="used"]')).toContainText("never");
  expect(await page.content()).not.toContain(key?.slice(-43));
  await expect.poll(() => send(key, "first"), { timeout: 20_000 }).toBe(202);
});

test("it is rotated by keyboard alone: both keys open, a third of the name is refused", async () => {
  const rotate = rowOf(shown[0]).getByRole("button", { name: /^Rotate/ });
  await pressOn(rotate);
  await expect(dialog("Rotate an API key")).toContainText("Both open until the old one");
  await expectSound(page, "rotate-key");
  await pressOn(dialog("Rotate an API key").getByRole("button", { name: "Rotate key" }));
  await keepNewKey();
  await expect(rotate).toBeFocused();
  const [old, next] = shown;
  await expect(rowOf(old)).toContainText("being replaced");
  await expect(rowOf(old)).toContainText("Expires soon");
  await expect.poll(() => send(next, "second"), { timeout: 20_000 }).toBe(202);
  expect(await send(old, "third")).toBe(202);

  await pressOn(rowOf(next).getByRole("button", { name: /^Rotate/ }));
  await pressOn(dialog("Rotate an API key").getByRole("button", { name: "Rotate key" }));
  await expect(dialog("Rotate an API key").getByRole("alert")).toContainText("At most 2 live keys have one name");
  await page.keyboard.press("Escape");
  await expect(dialog("Rotate an API key")).toBeHidden();
});

test("the old one is revoked by keyboard alone and refused within 30 seconds, the new one goes on", async () => {
  const [old, next] = shown;
  await expect(rowOf(old).locator('[data-column="used"]')).toContainText(/just now|ago/, { timeout: 30_000 });
  await pressOn(rowOf(old).getByRole("button", { name: /^Revoke/ }));
  const ask = dialog("Revoke an API key");
  await expect(ask).toContainText("a producer still sends with it");
  await expect(ask.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expectSound(page, "revoke-key");
  await pressOn(ask.getByRole("button", { name: "Revoke key" }));
  await expect(ask).toBeHidden();
  await expect(page.getByRole("table", { name: "Ended API keys" })).toContainText(idOf(old));
  await expect(rowOf(old)).toHaveCount(0);
  await expect.poll(() => send(old, "fourth"), { timeout: 30_000 }).toBe(401);
  expect(await send(next, "fifth")).toBe(202);
});

test("each act stands in the audit log with the key's id, and no key does", async () => {
  const answer = await page.request.get("/api/audit?limit=200");
  const text = await answer.text();
  const acts = auditListSchema.parse(JSON.parse(text)).items.map(({ action, target, outcome }) => `${action} ${target} ${outcome}`);
  const [old, next] = shown.map(idOf);
  for (const act of [`key.create ${old} done`, `key.rotate ${old} done`, `key.rotate ${next} refused`, `key.revoke ${old} done`]) expect(acts).toContain(act);
  for (const key of shown) expect(text).not.toContain(key.slice(-43));
});

test("markup as a key's name runs nowhere: not in the list, not in the dialogs, not in the audit log", async ({ browser, baseURL }) => {
  const name = MARKUP.slice(0, API_KEY_LIMITS.nameCharacters).trim();
  const other = await browser.newPage();
  const found = await watch(other);
  const answer = await other.request.post("/api/keys", { headers: { origin: baseURL ?? "" }, data: { name, scopes: ["read"], expiresInDays: 1 } });
  expect(answer.status(), await answer.text()).toBe(201);
  const { apiKey } = newApiKeySchema.parse(await answer.json());
  await other.goto("/keys");
  await expectShown(other, name);
  const row = other.getByRole("row").filter({ hasText: apiKey.id });
  for (const act of ["Rotate", "Revoke"]) {
    await row.getByRole("button", { name: new RegExp(`^${act}`) }).click();
    await expect(other.getByRole("dialog")).toContainText(name);
    await expectShown(other, name);
    await other.keyboard.press("Escape");
    await expect(other.getByRole("dialog")).toBeHidden();
  }
  await row.getByRole("button", { name: /^Rotate/ }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Rotate key" }).click();
  await expect(other.getByTestId("new-key")).toBeVisible();
  await expectShown(other, name);
  await other.goto("/audit?action=key.create");
  await other.getByRole("button", { name: /^Details of/ }).first().click();
  // Within what was asked, its quotes are escaped.
  await expect(other.getByRole("dialog")).toContainText("<img src=x onerror=");
  await expectShown(other, "<img src=x onerror=");
  expect(found).toEqual([]);
  await other.close();
});
