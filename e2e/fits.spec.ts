import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const PAGES = [
  { path: "/", heading: /Overview/ },
  { path: "/dead-letters", heading: /Dead letters/ },
  { path: "/activity", heading: /Activity/ },
  { path: "/keys", heading: /API keys/ },
];

/** Figures and lists have arrived: nothing is a skeleton any more. */
async function settled(page: Page, heading: RegExp): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeAttached();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

for (const { path, heading } of PAGES) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1440]) {
      test(`${path} is accessible and fits, ${colorScheme}, ${width} px`, async ({ browser }) => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
        const page = await context.newPage();
        const problems: string[] = [];
        page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
        page.on("pageerror", (error) => problems.push(error.message));
        await page.goto(path);
        await settled(page, heading);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
        expect(problems).toEqual([]);
        await page.screenshot({ path: test.info().outputPath(`${path.slice(1) || "overview"}-${colorScheme}-${width}.png`) });
        await context.close();
      });
    }
  }
}
