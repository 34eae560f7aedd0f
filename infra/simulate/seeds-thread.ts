import { parentPort, workerData } from "node:worker_threads";
import { check } from "./check.ts";
import { runSeed } from "./run-seed.ts";
import type { Violation } from "./violation.ts";

/** What a seed violated. */
export interface SeedReport {
  seed: number;
  violations: Violation[];
}

const { mode } = workerData as { mode: "safety" | "liveness" };

/** Runs seeds `from` to `to` - 1. @returns those that violated something. */
async function runRange({ from, to }: { from: number; to: number }): Promise<SeedReport[]> {
  const reports: SeedReport[] = [];
  for (let seed = from; seed < to; seed += 1) {
    const violations = check(await runSeed(seed, { mode }));
    if (violations.length > 0) reports.push({ seed, violations: violations.slice(0, 5) });
  }
  return reports;
}

parentPort?.on("message", (range: { from: number; to: number }) => {
  void runRange(range).then((reports) => parentPort?.postMessage(reports, []));
});
