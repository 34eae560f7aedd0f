import { expect, type Page } from "@playwright/test";
import { MARKUP } from "#e2e/hostile-text.ts";

/** Reports what ran, what the policy had to stop, and every dialog: all three must stay empty. */
export async function watch(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.exposeFunction("reportRun", (text: string) => found.push(text));
  await page.addInitScript(() => {
    const reporter = globalThis as unknown as { reportRun(text: string): void };
    const ran = {
      set() {
        reporter.reportRun("ran");
      },
    };
    Object.defineProperty(globalThis, "ran", ran);
    document.addEventListener("securitypolicyviolation", (event) => reporter.reportRun(`stopped ${event.violatedDirective} ${event.sample}`));
  });
  page.on("dialog", (dialog) => {
    found.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return found;
}

/** The text stands on the page, as text. */
export async function expectShown(page: Page, text: string = MARKUP): Promise<void> {
  await expect(page.getByText(text.slice(0, 40)).first()).toBeAttached();
  await expect(page.locator('img[src="x"], iframe[srcdoc], svg[onload]')).toHaveCount(0);
}
