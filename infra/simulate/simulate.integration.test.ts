import { expect, test } from "vitest";
import { check } from "./check.ts";
import { runSeed } from "./run-seed.ts";
import { traceLine } from "./trace.ts";

const FIRST_SEED = 1;
/** With the seeds of simulate-more.integration.test.ts, 1,000: two files, so that two processes share them. */
const SEEDS = 500;

test(`seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1} keep every promise`, { timeout: 600_000 }, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    expect(check(await runSeed(seed)), `replay: npm run simulate -- --seed ${seed} --trace`).toEqual([]);
  }
});

test("the same seed is the same run, step by step", async () => {
  for (const seed of [3, 8, 49]) {
    const [one, other] = [(await runSeed(seed)).entries.map(traceLine), (await runSeed(seed)).entries.map(traceLine)];
    expect(one.length).toBeGreaterThan(20);
    expect(other).toEqual(one);
  }
});
