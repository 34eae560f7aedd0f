import { chromium, defineConfig } from "@playwright/test";
import { findChromium } from "#infra/test/chromium.ts";

const found = findChromium({ env: process.env, playwrightPath: chromium.executablePath() });
const isRoot = process.getuid?.() === 0;

/** Tests of who comes in and what they hold: they steer nothing, and nothing that is steered shows in them. */
const DOOR = ["**/sign-in*.spec.ts", "**/people.spec.ts", "**/keys.spec.ts"];

/** Tests of how pages look: they change nothing, and hold whatever the others do. */
const LOOKS = ["**/fits.spec.ts", "**/states.spec.ts", "**/reference.spec.ts"];

/**
 * Browser tests: one start of the whole product (infra/test/e2e-setup.ts), no second tries. Those that steer the one
 * queue run one at a time; those of the door run beside them, one at a time too, since they share a client's address.
 * Those that only look take whatever room is left.
 */
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/browser",
  globalSetup: "./infra/test/e2e-setup.ts",
  // They mostly wait: for pages, and for the queue to drain.
  workers: 3,
  projects: [
    { name: "steering", testIgnore: [...DOOR, ...LOOKS], workers: 1 },
    { name: "door", testMatch: DOOR, workers: 1 },
    { name: "looks", testMatch: LOOKS, workers: 1 },
  ],
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: "list",
  use: {
    // Set by the global setup, before the tests' own process reads this file.
    ...(process.env.E2E_BASE_URL !== undefined && { baseURL: process.env.E2E_BASE_URL }),
    ...(process.env.E2E_SIGNED_IN !== undefined && { storageState: process.env.E2E_SIGNED_IN }),
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      ...(found && found.source !== "playwright" && { executablePath: found.path }),
      // Chromium refuses its sandbox to root. It calls nobody: no updates, no reporting.
      args: [...(isRoot ? ["--no-sandbox"] : []), "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    },
  },
});
