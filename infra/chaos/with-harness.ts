import { setTimeout as sleep } from "node:timers/promises";
import { type Harness, type HarnessOptions, type RunReport, startHarness } from "./harness.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** Longer than any run takes: one that hangs must not hold up those after it. */
const RUN_DEADLINE_MS = 12 * 60_000;

async function withinDeadline(running: Promise<RunReport>): Promise<RunReport> {
  const timer = new AbortController();
  const late = sleep(RUN_DEADLINE_MS, undefined, { signal: timer.signal, ref: false }).then(() => Promise.reject(new Error(`it was not over after ${RUN_DEADLINE_MS / 60_000} minutes`)));
  try {
    return await Promise.race([running, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/**
 * Runs one judged run on a harness of its own. Its log is kept when a promise broke, or when it did not come to its end,
 * which is a violation, too.
 */
export async function withHarness(
  { seed, tell, keepLogs }: ScenarioOptions,
  options: Omit<HarnessOptions, "seed" | "tell">,
  run: (harness: Harness) => Promise<RunReport>,
): Promise<RunReport> {
  const { name } = options;
  const startedMs = performance.now();
  let report: RunReport = { name, figures: {}, violations: [], log: null };
  try {
    const harness = await startHarness({ ...options, seed, tell: (line) => tell(`${name}: ${line}`) });
    report.log = harness.log.path;
    let keep = true;
    try {
      report = await withinDeadline(run(harness));
      keep = keepLogs || report.violations.length > 0;
    } finally {
      await harness.close(keep);
    }
    if (!keep) report.log = null;
  } catch (thrown) {
    report.violations.push(`it did not come to its end: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  report.figures.runSeconds = seconds;
  const sets = Object.entries(report.figures).map(([figure, size]) => `${figure} ${size}`);
  tell(`${name}: ${report.violations.length === 0 ? "clean" : `BROKEN: ${report.violations.join("; ")}`} after ${seconds} s · ${sets.join(", ")}${report.log === null ? "" : ` · log ${report.log}`}`);
  return report;
}
