import { setTimeout as sleep } from "node:timers/promises";
import { hangPostgres } from "#infra/chaos/postgres-away.ts";
import type { RunReport } from "#infra/chaos/harness.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const WORKERS = 2;
const PER_SECOND = 60;
const DRAIN_SECONDS = 120;
const malformed = (id: string) => `not json ${id}`;

/** PostgreSQL hangs, comes back, and is stopped: a running worker goes on, nothing dies meanwhile, all ends well. */
function run(options: ScenarioOptions): Promise<RunReport> {
  const awayMs = options.quick ? 15_000 : 60_000;
  return withHarness(options, { name: "postgres-away" }, async (harness) => {
    const { stack, fleet, traffic } = harness;
    await Promise.all(Array.from({ length: WORKERS }, () => fleet.ready()));
    let count = 0;
    const next = () => {
      count += 1;
      return count % 50 === 0 ? traffic.next({ kind: "malformed", body: malformed }) : traffic.next();
    };
    const end = harness.pour(() => PER_SECOND, { next });
    await sleep(3_000);
    const storedWhile = async (away: () => Promise<void>) => {
      const before = stack.dynamodb.consumed(stack.backend.table).reduce((sum, one) => sum + one.writeUnits, 0);
      await away();
      return stack.dynamodb.consumed(stack.backend.table).reduce((sum, one) => sum + one.writeUnits, 0) - before;
    };
    harness.tell(`PostgreSQL hangs for ${awayMs / 1000} s`);
    const storedWhileHung = await storedWhile(async () => {
      const goOn = await hangPostgres(stack.postgres.runningPid());
      await sleep(awayMs);
      goOn();
    });
    await sleep(5_000);
    harness.tell(`PostgreSQL is stopped for ${awayMs / 1000} s, and a worker is killed meanwhile`);
    const storedWhileStopped = await storedWhile(async () => {
      await stack.postgres.stop();
      await sleep(awayMs / 2);
      const [victim] = fleet.live();
      if (victim) fleet.kill(victim);
      fleet.spawn();
      await sleep(awayMs / 2);
    });
    await stack.postgres.startAgain();
    await end();
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    await fleet.stop();
    const broken = storedWhileHung > 0 && storedWhileStopped > 0 ? [] : ["a running worker did not go on while PostgreSQL was away"];
    return await harness.judge({ drainSeconds, judgeRedo: false, extra: { storedWhileHung, storedWhileStopped }, broken });
  });
}

export const postgresAway: Scenario = {
  name: "postgres-away",
  what: "PostgreSQL hangs for 60 s, then is stopped for 60 s",
  run: async (options) => [await run(options)],
};
