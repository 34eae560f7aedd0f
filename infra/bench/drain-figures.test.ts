import { describe, expect, test } from "vitest";
import { secondsOf, worstSecondOfGrants } from "./drain-figures.ts";

const grant = (startsAtMs: number, writeUnits: number) => ({ startsAtMs, writeUnits });

describe("the worst second of the grants", () => {
  test("is found wherever it lies, not only on whole seconds", () => {
    expect(worstSecondOfGrants([grant(700, 10), grant(0, 1), grant(1_400, 20), grant(1_699, 5), grant(5_000, 30)])).toBe(35);
    expect(worstSecondOfGrants([])).toBe(0);
  });
  test("leaves out what starts a whole second later", () => {
    expect(worstSecondOfGrants([grant(0, 10), grant(1_000, 10)])).toBe(10);
  });
});

test("a second that nobody wrote in is a zero", () => {
  const counted = [{ second: 10, writeUnits: 100, throttledWrites: 0 }, { second: 12, writeUnits: 140, throttledWrites: 3 }, { second: 13, writeUnits: 900, throttledWrites: 9 }];
  expect(secondsOf(counted, { from: 10, seconds: 3 })).toEqual({ unitsPerSecond: [100, 0, 140], mean: 80, worst: 140, throttles: 3 });
});
