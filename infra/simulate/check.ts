import { checkCompletions } from "./check-completions.ts";
import { checkDeaths } from "./check-deaths.ts";
import { checkDumps } from "./check-dumps.ts";
import { checkProgress } from "./check-progress.ts";
import { checkPushes } from "./check-pushes.ts";
import { checkRate } from "./check-rate.ts";
import { checkReceives } from "./check-receives.ts";
import type { RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/** Checks every promise against the log of a run: a pure function. */
export function check(log: RunLog): Violation[] {
  return [...checkCompletions(log), ...checkDeaths(log), ...checkProgress(log), ...checkReceives(log), ...checkPushes(log), ...checkRate(log), ...checkDumps(log)].toSorted((a, b) => a.step - b.step);
}
