import { expect, it } from "vitest";
import { watchLoopDelay } from "./loop-delay.ts";

/** A loop whose looks come as late as it is told. */
function world() {
  let nowMs = 0;
  let look = () => {};
  const delay = watchLoopDelay({
    lateMs: 100,
    now: () => nowMs,
    every: (pauseMs, action) => {
      look = () => {
        nowMs += pauseMs;
        action();
      };
      return () => undefined;
    },
  });
  const run = (lateMs: number, forMs: number) => {
    for (const endsAt = nowMs + forMs; nowMs < endsAt; ) {
      nowMs += lateMs;
      look();
    }
  };
  return { delay, run };
}

it("forgives one long step", () => {
  const { delay, run } = world();
  run(0, 1_000);
  run(400, 1);
  expect(delay.isLate()).toBe(false);
});

it("is late within a second of lateness, and until it is well on time", () => {
  const { delay, run } = world();
  run(150, 1_000);
  expect(delay.isLate()).toBe(true);
  run(75, 3_000);
  expect(delay.isLate()).toBe(true);
  run(0, 200);
  expect([delay.isLate(), delay.delayMs() < 50]).toEqual([false, true]);
  run(75, 3_000);
  expect(delay.isLate()).toBe(false);
});

it("sees the real loop held up", async () => {
  const delay = watchLoopDelay({ lateMs: 20 });
  const hold = setInterval(() => {
    for (const until = performance.now() + 100; performance.now() < until; );
  }, 1);
  await expect.poll(() => delay.isLate(), { timeout: 10_000, interval: 1 }).toBe(true);
  clearInterval(hold);
  await expect.poll(() => delay.isLate(), { timeout: 10_000, interval: 1 }).toBe(false);
  delay.stop();
});
