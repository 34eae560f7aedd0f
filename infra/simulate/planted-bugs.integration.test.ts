import { describe, expect, test } from "vitest";
import { check } from "./check.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";
import { runSeed } from "./run-seed.ts";
import type { Violation } from "./violation.ts";

/** Within how many seeds a planted bug must be caught. */
const SEEDS = 60;

describe("the checker catches a worker that", () => {
  test.each(PLANTED_BUGS)("$name", { timeout: 300_000 }, async ({ plant, breaks }) => {
    let caught: Violation[] = [];
    for (let seed = 1; seed <= SEEDS && caught.length === 0; seed += 1) {
      const violations = check(await runSeed(seed, { planted: plant() }));
      caught = violations.filter(({ promise }) => breaks === undefined || promise === breaks);
    }
    expect(caught.length, `caught within ${SEEDS} seeds`).toBeGreaterThan(0);
  });
});
