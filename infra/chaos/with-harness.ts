import { type Harness, type HarnessOptions, type RunReport, startHarness } from "./harness.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** Runs one judged run on a harness of its own; its log is kept when a promise broke. */
export async function withHarness(
  { seed, tell, keepLogs }: ScenarioOptions,
  options: Omit<HarnessOptions, "seed" | "tell">,
  run: (harness: Harness) => Promise<RunReport>,
): Promise<RunReport> {
  const harness = await startHarness({ ...options, seed, tell });
  let keep = true;
  try {
    const report = await run(harness);
    keep = keepLogs || report.violations.length > 0;
    tell(`${report.name}: ${report.violations.length === 0 ? "clean" : report.violations.join("; ")}`);
    return { ...report, log: keep ? report.log : null };
  } catch (error) {
    tell(`the log is ${harness.log.path}`);
    throw error;
  } finally {
    await harness.close(keep);
  }
}
