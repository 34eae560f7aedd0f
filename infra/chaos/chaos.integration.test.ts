import { expect, test } from "vitest";
import { ingestUnderFire, MIXED_FAULTS } from "./scenarios/ingest.ts";
import { STOP_STEPS, stopAndGoOn } from "./scenarios/sigstop.ts";
import type { RunReport } from "./harness.ts";
import { withHarness } from "./with-harness.ts";

const KILL_STEPS = ["storing", "stored", "acked"] as const;
const VISIBILITY_SECONDS = 4;
/** Wider than the promise, which npm run chaos judges: other tests share the machine. */
const REDO_MARGIN_SECONDS = 20;

test("real workers, killed at three steps and held still past the visibility timeout at a fourth: nothing lost, unexpected, twice or out of order, and the work of the killed redone", async () => {
  const told: string[] = [];
  const options = { seed: 1, quick: true, only: "", keepLogs: false, tell: (line: string) => told.push(line) };
  const run = async (): Promise<RunReport> =>
    await withHarness(options, { name: "suite", visibilitySeconds: VISIBILITY_SECONDS, storeTimeoutMs: 1_500, attempts: 100, redoMarginSeconds: REDO_MARGIN_SECONDS }, async (harness) => {
      const { fleet } = harness;
      await fleet.ready();
      const end = harness.pour(() => 50);
      const stopped = stopAndGoOn(harness, STOP_STEPS[2], 1);
      for (const event of KILL_STEPS) await fleet.spawn({ event, signal: "SIGKILL", nth: 2 }).exited;
      await stopped;
      await end();
      const drainSeconds = await harness.drained(40);
      await fleet.stop();
      return await harness.judge({ drainSeconds, extra: { steps: Object.keys(fleet.stepKills).length } });
    });
  const report = await run();
  expect(report.violations, told.join("\n")).toEqual([]);
  expect(report.figures).toMatchObject({ kills: KILL_STEPS.length, steps: KILL_STEPS.length, left: 0 });
  expect(report.figures.ok).toBe(report.figures.stored);
  expect(report.figures.redone).toBeGreaterThan(0);
}, 150_000);

test("a public API that is killed while SQS fails in every way: producers that send again lose nothing, find nothing twice, and were told the truth", async () => {
  const told: string[] = [];
  const options = { seed: 1, quick: true, only: "", keepLogs: false, tell: (line: string) => told.push(line) };
  const report = await ingestUnderFire(options, { name: "suite ingest", activities: 1_500, kills: 2, fires: [MIXED_FAULTS] });
  expect(report.violations, told.join("\n")).toEqual([]);
  expect(report.figures).toMatchObject({ stored: report.figures.ok, apiKills: 2, left: 0 });
  expect(report.figures.refused).toBeGreaterThan(0);
  expect((report.figures.ok ?? 0) + (report.figures.refused ?? 0)).toBeGreaterThanOrEqual(1_500);
  expect(report.figures.tries).toBeGreaterThan(1_500);
}, 150_000);
