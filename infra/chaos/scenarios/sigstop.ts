import { setTimeout as sleep } from "node:timers/promises";
import type { Harness, RunReport } from "#infra/chaos/harness.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const PER_SECOND = 60;
const DRAIN_SECONDS = 60;
/** How far past the visibility timeout a process stands still. */
const BEYOND_MS = 2_000;
const DEADLINE_MS = 60_000;
/** Where a standing process does the most harm when it goes on: holding, about to write, written, acked. */
export const STOP_STEPS = ["received", "lease_granted", "storing", "stored", "acked"] as const;

/** Stops a worker at a step until others have its messages, then lets it go on as if nothing was. */
export async function stopAndGoOn({ fleet, visibilitySeconds }: Pick<Harness, "fleet" | "visibilitySeconds">, event: string, nth: number): Promise<void> {
  const worker = fleet.spawn({ event, signal: "SIGSTOP", nth });
  await worker.child.event("chaos.signal", { deadlineMs: DEADLINE_MS });
  await sleep(visibilitySeconds * 1000 + BEYOND_MS);
  worker.signal("SIGCONT");
  await sleep(1_000);
  await worker.child.stop();
}

function run(options: ScenarioOptions): Promise<RunReport> {
  const rounds = options.quick ? 1 : 5;
  return withHarness(options, { name: "sigstop" }, async (harness) => {
    await harness.fleet.ready();
    const end = harness.pour(() => PER_SECOND);
    for (let round = 0; round < rounds; round += 1) {
      harness.tell(`round ${round + 1} of ${rounds}`);
      await Promise.all(STOP_STEPS.map((event) => stopAndGoOn(harness, event, 1 + Math.floor(harness.random() * 4))));
    }
    await end();
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    await harness.fleet.stop();
    const stops = Object.values(harness.fleet.stepKills).reduce((sum, one) => sum + one, 0);
    return await harness.judge({ drainSeconds, extra: { stops } });
  });
}

export const sigstop: Scenario = {
  name: "sigstop",
  what: "SIGSTOP past the visibility timeout, then SIGCONT, at five steps",
  run: async (options) => [await run(options)],
};
