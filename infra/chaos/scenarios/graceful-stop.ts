import { setTimeout as sleep } from "node:timers/promises";
import type { FleetWorker } from "#infra/chaos/fleet.ts";
import type { RunReport } from "#infra/chaos/harness.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const WORKERS = 3;
const PER_SECOND = 80;
const DRAIN_SECONDS = 60;

/** Workers are asked to stop again and again, at any moment, and followed by new ones. */
function run(options: ScenarioOptions): Promise<RunReport> {
  const rounds = options.quick ? 6 : 40;
  return withHarness(options, { name: "graceful-stop" }, async (harness) => {
    const { fleet, random } = harness;
    await Promise.all(Array.from({ length: WORKERS }, () => fleet.ready()));
    const end = harness.pour(() => PER_SECOND);
    // Each is asked once: a second signal ends a process at once.
    const asked = new Set<FleetWorker>();
    const ask = (worker: FleetWorker) => {
      asked.add(worker);
      worker.signal("SIGTERM");
    };
    const unasked = () => fleet.live().filter((worker) => !asked.has(worker));
    for (let round = 0; round < rounds; round += 1) {
      const workers = unasked();
      const worker = workers[Math.floor(random() * workers.length)];
      if (worker) ask(worker);
      fleet.spawn();
      if (round % 10 === 9) harness.tell(`${round + 1} of ${rounds} stops`);
      await sleep(500 + random() * 1_500);
    }
    await end();
    // All but one end at once: what they had must be free at once, and not after its visibility.
    const others = unasked();
    const last = others.pop();
    await last?.child.event("ready", { deadlineMs: 60_000 });
    for (const worker of others) ask(worker);
    await Promise.all(Array.from(asked, ({ exited }) => exited));
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    await fleet.stop();
    // "SIGTERM": asked before the process had begun to listen for it, so before it had anything.
    const unclean = fleet.exits.filter(({ how }) => how !== "exit code 0" && how !== "SIGTERM");
    const broken = unclean.map(({ worker, how }) => `${worker} ended by ${how}`);
    return await harness.judge({ drainSeconds, extra: { stops: fleet.exits.length, unclean: unclean.length }, broken });
  });
}

export const gracefulStop: Scenario = {
  name: "graceful-stop",
  what: "SIGTERM again and again while traffic flows",
  run: async (options) => [await run(options)],
};
