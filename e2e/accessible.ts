import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

/** Nothing that axe finds fault with. */
export async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
}

const LOOKS = [
  { colorScheme: "dark", width: 1440, scan: false },
  { colorScheme: "dark", width: 360, scan: true },
  { colorScheme: "light", width: 360, scan: false },
  { colorScheme: "light", width: 1440, scan: true },
] as const;

/**
 * What is open fits and has its picture kept in both schemes and widths, and is accessible in each scheme and width.
 * Leaves the page light and 1440 px wide.
 */
export async function expectSound(page: Page, name: string): Promise<void> {
  for (const { colorScheme, width, scan } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    await page.screenshot({ path: test.info().outputPath(`${name}-${colorScheme}-${width}.png`) });
    if (scan) await expectNoViolations(page);
  }
}
