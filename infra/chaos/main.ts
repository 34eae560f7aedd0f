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

/** Sums over the runs; of times and such, the greatest. */
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
  const reports: RunReport[] = [];
  for (const scenario of chosen) {
    console.error(`${scenario.name}: ${scenario.what}`);
    reports.push(...(await scenario.run({ seed, quick: values.quick, only: values.only, keepLogs: values["keep-logs"], tell: (line) => console.error(`  ${line}`) })));
  }
  const figures = total(reports);
  const result = { name: "chaos", scenario: values.scenario, quick: values.quick, figures, runs: reports, seed, commit: commit() };
  if (values.json) console.log(JSON.stringify(result));
  else for (const [name, figure] of Object.entries(figures)) console.log(`${name.padEnd(20)} ${figure}`);
  return reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

process.exit(await main());
