import { expect, test } from "vitest";
import { findChromium } from "./chromium.ts";
import { systemInstall } from "./install-chromium.ts";

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

test("the system's is installed by the package manager that is there, as root or through sudo", () => {
  const install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"];
  expect(systemInstall({ prefix: [], exists: on("/usr/bin/apt-get") })).toEqual([["apt-get", "update"], install]);
  expect(systemInstall({ prefix: ["sudo", "-n"], exists: on("/usr/bin/apt-get") })?.at(-1)).toEqual(["sudo", "-n", ...install]);
  expect(systemInstall({ prefix: [], exists: on("/sbin/apk") })).toEqual([["apk", "add", "--no-cache", "chromium"]]);
});

test("nothing is installed without the right to, or without a package manager", () => {
  expect(systemInstall({ prefix: null, exists: on("/usr/bin/apt-get") })).toBeNull();
  expect(systemInstall({ prefix: [], exists: on() })).toBeNull();
});
