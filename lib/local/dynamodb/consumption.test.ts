import { expect, test } from "vitest";
import { createConsumption } from "./consumption.ts";

test("adds up by the second, and keeps two hours", () => {
  const clock = { ms: 10_000_000 };
  const consumption = createConsumption({ now: () => clock.ms });
  consumption.add("t", clock.ms, { writeUnits: 2, writtenItems: 1 });
  consumption.add("t", clock.ms + 999, { writeUnits: 3, throttledWrites: 4 });
  clock.ms += 1_000;
  consumption.add("t", clock.ms, { readUnits: 0.5, reads: 1 });
  expect(consumption.of("t")).toEqual([
    { second: 10_000, writeUnits: 5, readUnits: 0, throttledWrites: 4, throttledReads: 0, writtenItems: 1, reads: 0 },
    { second: 10_001, writeUnits: 0, readUnits: 0.5, throttledWrites: 0, throttledReads: 0, writtenItems: 0, reads: 1 },
  ]);
  expect(consumption.of("t", 10_001)).toHaveLength(1);
  expect(consumption.of("other")).toEqual([]);
  clock.ms += 7_200_000;
  consumption.add("t", clock.ms, { reads: 1 });
  expect(consumption.of("t").map((row) => row.second)).toEqual([10_001, 17_201]);
});
