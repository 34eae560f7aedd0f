import fc from "fast-check";
import { expect, test } from "vitest";
import { nextBatch } from "./redrive-runs.ts";

const item = (n: number, userHash: string | null, bytes = 1) => ({ runId: "r", deathId: `d${n}`, userHash, body: "x".repeat(bytes) });

test("a batch is the longest head without two of a group, and fits one call", () => {
  const groups = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", null), fc.integer({ min: 1, max: 600_000 })), { maxLength: 10 });
  fc.assert(
    fc.property(groups, (made) => {
      const items = made.map(([group, bytes], n) => item(n, group, bytes));
      const batch = nextBatch(items);
      expect(batch).toEqual(items.slice(0, batch.length));
      const used = batch.map(({ userHash, deathId }) => userHash ?? deathId);
      expect(new Set(used).size).toBe(batch.length);
      const bytes = batch.reduce((sum, { body }) => sum + body.length, 0);
      expect(bytes <= 900 * 1024 || batch.length === 1).toBe(true);
      const next = items[batch.length];
      if (next === undefined) return;
      expect(used.includes(next.userHash ?? next.deathId) || bytes + next.body.length > 900 * 1024).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("something is always sent", () => {
  expect(nextBatch([item(0, "a", 1_000_000)])).toHaveLength(1);
  expect(nextBatch([])).toEqual([]);
});
