import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { openStack } from "./stack.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1280]) {
    test(`the public API's reference is read ${colorScheme}, ${width} px wide, without scripts`, async ({ browser }) => {
      const stack = await openStack();
      const { apiUrl } = stack;
      // No session of the dashboard's is sent there; it needs none.
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, storageState: { cookies: [], origins: [] } });
      const page = await context.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`${apiUrl}/v1/docs`);
      await expect(page.getByRole("heading", { level: 1, name: "Spillway public API" })).toBeVisible();
      await page.keyboard.press("Tab");
      await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
      await page.getByRole("link", { name: "Read a user's activities" }).click();
      await expect(page.getByRole("region", { name: "Parameters: Read a user's activities" })).toBeInViewport();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.getByRole("link", { name: "OpenAPI 3.1" }).click();
      await expect(page.locator("body")).toContainText('"openapi":"3.1.0"');
      expect(said).toEqual([]);
      // Nothing but the two themselves; a browser's own wish for an icon aside.
      expect(asked.filter((url) => !url.startsWith("data:") && !url.endsWith("/favicon.ico"))).toEqual([`${apiUrl}/v1/docs`, `${apiUrl}/v1/openapi.json`]);
      await context.close();
      stack.close();
    });
  }
}
