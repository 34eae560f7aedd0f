import { expect, test } from "vitest";
import { restartBackoff } from "./backoff.ts";

test("half a second, doubled each time, at most half a minute", () => {
  const backoff = restartBackoff();
  const waits = Array.from({ length: 9 }, () => backoff.next(10));
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("from the start again after a stable minute", () => {
  const backoff = restartBackoff();
  for (let death = 0; death < 5; death += 1) backoff.next(10);
  expect(backoff.next(60_000)).toBe(500);
  expect(backoff.next(59_999)).toBe(1_000);
});
