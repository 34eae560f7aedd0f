import { expect, it } from "vitest";
import { fuzz } from "./run.ts";

it("finds nothing wrong with what the public API makes of a few thousand random bodies", async () => {
  const { figures, violations } = await fuzz({ bodies: 2_000, seed: 20_260_131, workers: 1 });
  expect(violations).toEqual([]);
  // Or it would prove little: bodies of each kind were sent, and many were taken.
  for (const status of ["status202", "status207", "status400", "status413", "status415", "status422"]) expect([status, figures[status] ?? 0]).toEqual([status, expect.toSatisfy((count: number) => count > 10)]);
  expect(figures.stored).toBeGreaterThan(1_000);
  expect(figures.replaced).toBeGreaterThan(10);
  expect(figures.unanswered).toBeLessThan(30);
}, 300_000);
