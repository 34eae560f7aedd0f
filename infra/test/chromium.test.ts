import { expect, test } from "vitest";
import { findChromium } from "./chromium.ts";

const on = (...places: string[]) => (path: string) => places.includes(path);
const OWN = "/home/me/.cache/ms-playwright/chromium/chrome";

test("CHROMIUM_PATH comes first, and nothing stands in for it", () => {
  const env = { CHROMIUM_PATH: "/opt/c", PATH: "/usr/bin" };
  expect(findChromium({ env, playwrightPath: OWN, exists: on("/opt/c", OWN) })).toEqual({ source: "given", path: "/opt/c" });
  expect(findChromium({ env, playwrightPath: OWN, exists: on("/usr/bin/chromium", OWN) })).toBeNull();
});

test("then Playwright's own, then the system's", () => {
  const env = { PATH: "/opt/bin:/usr/bin" };
  expect(findChromium({ env, playwrightPath: OWN, exists: on("/usr/bin/chromium", OWN) })).toEqual({ source: "playwright", path: OWN });
  expect(findChromium({ env, playwrightPath: OWN, exists: on("/opt/bin/google-chrome") })).toEqual({ source: "system", path: "/opt/bin/google-chrome" });
});

test("the usual folders count also when PATH lacks them", () => {
  expect(findChromium({ env: {}, playwrightPath: "", exists: on("/usr/bin/chromium") })).toEqual({ source: "system", path: "/usr/bin/chromium" });
});

test("none at all", () => {
  expect(findChromium({ env: { PATH: "/usr/bin" }, playwrightPath: OWN, exists: () => false })).toBeNull();
});
