import { expect, it } from "vitest";
import { watchLoopLoad } from "./loop-load.ts";

it("is busy while the loop has hardly a moment to spare", () => {
  let used = 0;
  let look = () => {};
  const load = watchLoopLoad({
    utilization: () => used,
    every: (_pauseMs, action) => {
      look = action;
      return () => undefined;
    },
  });
  const at = (share: number) => {
    used = share;
    look();
    return load.isBusy();
  };
  expect([load.isBusy(), at(0.5), at(0.95), at(1), at(0.89)]).toEqual([false, false, true, true, false]);
});

it("sees the real loop at work, and at rest", async () => {
  const load = watchLoopLoad();
  let working = true;
  const work = () => {
    for (const until = performance.now() + 20; performance.now() < until; );
    if (working) setImmediate(work);
  };
  work();
  await expect.poll(() => load.isBusy(), { timeout: 10_000, interval: 1 }).toBe(true);
  working = false;
  await expect.poll(() => load.isBusy(), { timeout: 10_000, interval: 20 }).toBe(false);
  load.stop();
});
