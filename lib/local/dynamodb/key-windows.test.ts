import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyWindows } from "./key-windows.ts";

const steps = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "c"), waitMs: fc.oneof(fc.nat(20), fc.nat(1_500)), units: fc.integer({ min: 1, max: 400 }) }),
  { minLength: 1, maxLength: 200 },
);

test("no key gets more than its limit in any second, and one below it is never refused", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const windows = createKeyWindows({ unitsPerSecond: 1_000 });
      const admitted: { key: string; atMs: number; units: number }[] = [];
      let atMs = 0;
      for (const { key, waitMs, units } of history) {
        atMs += waitMs;
        const spentNow = admitted.filter((entry) => entry.key === key && atMs - entry.atMs < 1_000).reduce((sum, entry) => sum + entry.units, 0);
        const fits = windows.fits(key, units, atMs);
        expect(fits).toBe(spentNow + units <= 1_000);
        if (!fits) continue;
        windows.spend(key, units, atMs);
        admitted.push({ key, atMs, units });
      }
    }),
  );
});

test("forgets keys that are quiet", () => {
  const windows = createKeyWindows({ unitsPerSecond: 1_000 });
  for (let index = 0; index < 1_000; index += 1) windows.spend(`key-${index}`, 1, 0);
  windows.spend("late", 1, 5_000);
  expect(windows.size()).toBe(1);
});
