import { expect, test } from "vitest";
import { check } from "./check.ts";
import { runSeed } from "./run-seed.ts";

const FIRST_SEED = 501;
/** With the seeds of simulate.integration.test.ts, 1,000: two files, so that two processes share them. */
const SEEDS = 500;

test(`seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1} keep every promise`, { timeout: 600_000 }, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    expect(check(await runSeed(seed)), `replay: npm run simulate -- --seed ${seed} --trace`).toEqual([]);
  }
});

