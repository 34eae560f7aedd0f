import { expect, type Page, test } from "@playwright/test";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";

test("the rate is set by keyboard alone", async ({ page }) => {
  await page.goto("/");
  const field = page.getByRole("textbox", { name: "Drain rate (WCU/s)" });
  await expect(field).toBeVisible();
  const before = Number((await field.inputValue()).replaceAll(",", ""));
  const wanted = before === 90 ? 91 : 90;
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: /Skip to/ })).toBeFocused();
  for (let presses = 0; presses < 60 && !(await field.evaluate((element) => element === document.activeElement)); presses += 1) await page.keyboard.press("Tab");
  await expect(field).toBeFocused();
  await page.keyboard.press("Control+A");
  await page.keyboard.type(String(wanted));
  await page.keyboard.press("Enter");
  await expect(page.getByText(`Applied: ${wanted} WCU/s`)).toBeVisible();
});

test("the second of two operators sees that the first has changed the rate, and overwrites nothing unseen", async ({ browser }) => {
  const [first, second] = [await browser.newPage(), await browser.newPage()];
  const type = (page: Page, rate: string) => page.getByRole("textbox", { name: "Drain rate (WCU/s)" }).fill(rate);
  const apply = (page: Page) => page.getByRole("button", { name: "Apply" }).click();
  await Promise.all([first.goto("/"), second.goto("/")]);
  await type(second, "111");
  await type(first, "77");
  await apply(first);
  await expect(first.getByText("Applied: 77 WCU/s")).toBeVisible();
  await apply(second);
  await expect(second.getByText(/Not applied: .* set it to 77 WCU\/s first/)).toBeVisible();
  await apply(second);
  await expect(second.getByText("Applied: 111 WCU/s")).toBeVisible();
  await Promise.all([first.close(), second.close()]);
});

test("a change from elsewhere, or one that is no rate, is refused and changes nothing", async ({ request, baseURL }) => {
  const read = async () => drainAnswerSchema.parse(await (await request.get("/api/drain")).json()).drain;
  const before = await read();
  const headers = { origin: baseURL ?? "", "content-type": "application/json" };
  const change = (rateWcuPerSecond: unknown) => JSON.stringify({ rateWcuPerSecond, expectedVersion: before.version });
  for (const data of [change(-1), change(0), change(1e300), change("50"), change(null), '{"rateWcuPerSecond":NaN}', "{}", ""]) {
    const answer = await request.post("/api/drain", { headers, data: Buffer.from(data) });
    expect([400, 422], `${data} was answered ${answer.status()}`).toContain(answer.status());
    expect(answer.headers()["content-type"]).toContain("application/problem+json");
  }
  const foreign: Record<string, string>[] = [{}, { origin: "https://elsewhere.example" }, { "sec-fetch-site": "cross-site", origin: baseURL ?? "" }];
  for (const from of foreign) {
    const answer = await request.post("/api/drain", { headers: { "content-type": "application/json", ...from }, data: Buffer.from(change(50)) });
    expect(answer.status()).toBe(403);
  }
  expect((await read()).version).toBe(before.version);
});
