import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { RunReport } from "./harness.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** sysexits.h: the command was used wrongly. */
const EXIT_USAGE = 64;

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

/** Sums over the runs; of times, the greatest. */
function total(reports: readonly RunReport[]): Record<string, number> {
  const figures: Record<string, number> = { violations: reports.reduce((sum, report) => sum + report.violations.length, 0) };
  for (const report of reports) {
    for (const [name, value] of Object.entries(report.figures)) {
      const before = figures[name] ?? 0;
      figures[name] = name.includes("Seconds") ? Math.max(before, value) : before + value;
    }
  }
  return figures;
}

/** `npm run chaos -- --scenario NAME [--quick] [--seed N] [--only TEXT] [--keep-logs] [--json]`, `--list`. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: "string" },
      seed: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      "keep-logs": { type: "boolean", default: false },
    },
  });
  if (values.list) {
    for (const { name, what } of SCENARIOS) console.log(`${name.padEnd(16)} ${what}`);
    return 0;
  }
  const chosen: readonly Scenario[] = values.scenario === "all" ? SCENARIOS : SCENARIOS.filter(({ name }) => name === values.scenario);
  if (chosen.length === 0) {
    console.error(`Name a scenario with --scenario: all, ${SCENARIOS.map(({ name }) => name).join(", ")}.`);
    return EXIT_USAGE;
  }
  if (!/^\d{1,9}$/.test(values.seed)) {
    console.error("--seed must be a whole number.");
    return EXIT_USAGE;
  }
  const seed = Number(values.seed);
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  const tell = (line: string) => console.error(`${String(seconds()).padStart(5)} s  ${line}`);
  const reports: RunReport[] = [];
  const summary: string[] = [];
  for (const scenario of chosen) {
    const fromSeconds = seconds();
    tell(`${scenario.name}: ${scenario.what}`);
    const runs = await scenario.run({ seed, quick: values.quick, only: values.only, keepLogs: values["keep-logs"], tell: (line) => tell(`  ${line}`) });
    reports.push(...runs);
    const broken = runs.filter(({ violations }) => violations.length > 0);
    summary.push(`${scenario.name.padEnd(16)} ${String(runs.length - broken.length).padStart(2)} of ${String(runs.length).padStart(2)} runs clean, ${seconds() - fromSeconds} s`);
    summary.push(...broken.map(({ name, violations }) => `  ${name}: ${violations.join("; ")}`));
  }
  const figures = total(reports);
  const result = { name: "chaos", scenario: values.scenario, quick: values.quick, figures, runs: reports, seconds: seconds(), seed, commit: commit() };
  const print = values.json ? console.error : console.log;
  for (const line of summary) print(line);
  for (const [name, figure] of Object.entries(figures)) print(`${name.padEnd(20)} ${figure}`);
  if (values.json) console.log(JSON.stringify(result));
  return reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

process.exit(await main());
