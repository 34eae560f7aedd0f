import { setTimeout as sleep } from "node:timers/promises";
import type { RunReport } from "#infra/chaos/harness.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const PER_SECOND = 100;
const DRAIN_SECONDS = 90;
const RATES = [60, 300, 20, 150, 1, 250];
/** Workers at each turn: up to eight, and down to one. */
const QUICK_SIZES = [1, 4, 8, 3, 6, 1];
const SIZES = [1, 2, 4, 8, 5, 7, 3, 8, 1, 6, 2, 8, 1];

/** Workers come, go and are killed while the dial changes. */
function run(options: ScenarioOptions): Promise<RunReport> {
  const sizes = options.quick ? QUICK_SIZES : SIZES;
  return withHarness(options, { name: "scale" }, async (harness) => {
    const { fleet, random } = harness;
    const end = harness.pour(() => PER_SECOND);
    for (const [turn, size] of sizes.entries()) {
      const rate = RATES[turn % RATES.length] ?? 100;
      harness.tell(`${size} workers at ${rate} WCU/s`);
      await harness.setRate(rate);
      const starting: Promise<unknown>[] = [];
      while (fleet.live().length < size) starting.push(fleet.spawn().child.event("ready", { deadlineMs: 60_000 }));
      await Promise.all(starting);
      const leaving = fleet.live().slice(size);
      // Half go as they should, half are killed.
      await Promise.all(
        leaving.map((worker) => {
          if (random() >= 0.5) return worker.child.stop();
          fleet.kill(worker);
          return worker.exited;
        }),
      );
      await sleep(options.quick ? 2_000 : 5_000);
    }
    await end();
    await harness.setRate(400);
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    await fleet.stop();
    return await harness.judge({ drainSeconds, judgeRedo: false, extra: { workersStarted: fleet.started() } });
  });
}

export const scale: Scenario = {
  name: "scale",
  what: "1 to 8 workers come, go and are killed while the rate changes",
  run: async (options) => [await run(options)],
};
