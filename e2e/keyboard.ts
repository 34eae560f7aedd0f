import { expect, type Locator } from "@playwright/test";

/** What has the focus, in a few words. Runs in the page. */
function nameOfFocused(): string {
  const element = document.activeElement;
  if (element === null || element === document.body) return "(nothing)";
  const labels = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? [...(element.labels ?? [])].map((label) => label.textContent) : [];
  const name = element.getAttribute("aria-label") ?? (labels.join(" ") || element.textContent || "").trim();
  return `${element.tagName.toLowerCase()} "${name.slice(0, 40)}"`;
}

/**
 * Presses Tab until the element has the focus, as somebody without a mouse has to.
 * @param most presses; the page's whole round must fit in, so that what is not reachable ends here
 * @throws with all that had the focus on the way
 */
export async function tabTo(target: Locator, most = 40): Promise<void> {
  const page = target.page();
  // A page that is not alive yet has its controls disabled, and Tab would pass them.
  await expect(target).toBeEnabled();
  const passed: string[] = [];
  while (!(await target.evaluate((element) => element === document.activeElement))) {
    if (passed.length === most) throw new Error(`${most} times Tab did not lead to ${String(target)}, but to: ${passed.join(", ")}`);
    await page.keyboard.press("Tab");
    passed.push(await page.evaluate(nameOfFocused));
  }
}

/** Tabs to a control and presses a key on it. */
export async function pressOn(target: Locator, key = "Enter"): Promise<void> {
  await tabTo(target);
  await target.page().keyboard.press(key);
}

/** Tabs to a field and types into it. */
export async function typeInto(field: Locator, text: string): Promise<void> {
  await tabTo(field);
  await field.page().keyboard.type(text);
}
