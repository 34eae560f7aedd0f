import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium } from "@playwright/test";
import { ensureBuild } from "#infra/start/build.ts";
import { openLogFile } from "#infra/start/log-file.ts";
import { findChromium } from "./chromium.ts";
import { installPlaywrightChromium, installSystemChromium } from "./install-chromium.ts";
import { closingLine, judged, type Tally, tallyPlaywright, tallyVitest, total } from "./tally.ts";

/**
 * `npm test`: lint, types and documents, then every Vitest test, then every browser test against a start of its own.
 * All steps run even when one fails; the last line counts them all. A signal ends it after the step it meets.
 */
const ROOT = join(import.meta.dirname, "..", "..");
const STEP_DEADLINE_MS = 1_800_000;
const require = createRequire(import.meta.url);
/** The program of an installed package. */
const program = (name: string, path: string) => join(dirname(require.resolve(`${name}/package.json`)), path);
const PLAYWRIGHT = program("@playwright/test", "cli.js");

const EXIT_INTERRUPTED = 130;

let running: ReturnType<typeof spawn> | null = null;
let interrupted = false;

/** Somebody asked the run to stop: no further step is begun. */
class Interrupted extends Error {}

async function step(title: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number | null> {
  const startedAt = performance.now();
  console.log(`\n== ${title}`);
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env }, timeout: STEP_DEADLINE_MS });
  running = child;
  const [code] = (await once(child, "close")) as [number | null];
  running = null;
  if (interrupted) throw new Interrupted();
  console.log(`== ${title}: ${code === 0 ? "passed" : "failed"} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return code;
}

async function check(title: string, args: readonly string[]): Promise<Tally> {
  const passed = (await step(title, args)) === 0;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function counted(title: string, args: readonly string[], file: string, tally: (report: unknown) => Tally, env: Record<string, string> = {}): Promise<Tally> {
  const code = await step(title, args, env);
  const report = await readFile(file, "utf8").then(
    (text): unknown => JSON.parse(text),
    () => null,
  );
  const result = judged(report === null ? null : tally(report), code);
  console.log(`== ${title}: ${closingLine(result)}`);
  return result;
}

/** Builds the web app while tests that do not need it wait for their backends. A fault of it is told by the start that needs it. */
async function buildAhead(): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  await ensureBuild({ root: ROOT, env, log: openLogFile(join(reports, "build.log")), tell: () => undefined }).catch(() => undefined);
}

function browser(): boolean {
  const find = () => findChromium({ env: process.env, playwrightPath: chromium.executablePath() }) !== null;
  if (find()) return true;
  if (process.env.CHROMIUM_PATH) {
    console.error(`CHROMIUM_PATH names ${process.env.CHROMIUM_PATH}, which is not there: correct it, or unset it to have a browser found or installed.`);
    return false;
  }
  console.log("\n== no Chromium found: installing one");
  if (installPlaywrightChromium(PLAYWRIGHT) && find()) return true;
  if (installSystemChromium() && find()) return true;
  console.error("No Chromium for the browser tests: install the package chromium (as root: apt-get install chromium), or set CHROMIUM_PATH to one.");
  return false;
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (interrupted) process.exit(EXIT_INTERRUPTED);
    interrupted = true;
    running?.kill(name);
  });
}

const reports = await mkdtemp(join(tmpdir(), "spillway-test-"));
const tallies: Tally[] = [];
try {
  tallies.push(await check("types", [program("typescript", "bin/tsc"), "--noEmit"]));
  tallies.push(await check("lint and boundaries", [program("oxlint", "bin/oxlint"), "--type-aware"]));
  tallies.push(await check("documents", [join(ROOT, "infra", "check", "docs.ts")]));
  const building = buildAhead();
  const vitest = join(reports, "vitest.json");
  const vitestArgs = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${vitest}`];
  tallies.push(await counted("unit and integration tests", [program("vitest", "vitest.mjs"), ...vitestArgs], vitest, tallyVitest));
  await building;
  const playwright = join(reports, "playwright.json");
  tallies.push(
    browser()
      ? await counted("browser tests", [PLAYWRIGHT, "test", "--reporter=list,json"], playwright, tallyPlaywright, { PLAYWRIGHT_JSON_OUTPUT_FILE: playwright })
      : { passed: 0, failed: 1, skipped: 0 },
  );
} catch (thrown) {
  if (!(thrown instanceof Interrupted)) throw thrown;
  console.log("\ninterrupted");
} finally {
  await rm(reports, { recursive: true, force: true });
}
if (interrupted) process.exit(EXIT_INTERRUPTED);
const result = total(tallies);
console.log(`\n${closingLine(result)}`);
process.exitCode ||= result.failed > 0 || result.passed === 0 ? 1 : 0;
