import { describe, expect, test } from "vitest";
import type { ReceiveProgress } from "./receive.ts";
import { createReceiveWatch } from "./receive-watch.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

function createWatch() {
  const time = createVirtualClock();
  const progress: ReceiveProgress = { room: 10, calls: 1, failingSinceMs: null };
  const wedged: number[] = [];
  let wakes = 0;
  const watch = createReceiveWatch({ clock: time.clock, progress: () => progress, wake: () => (wakes += 1), onWedged: (forMs) => wedged.push(forMs) });
  const end = new AbortController();
  void watch.run(end.signal);
  return { time, progress, wedged, watch, wakes: () => wakes, end };
}

describe("the watch over the receive loops", () => {
  test("is content while a call is under way, or nothing may be received", async () => {
    const { time, progress, wedged, watch } = createWatch();
    await time.advance(120_000);
    Object.assign(progress, { room: 0, calls: 0 });
    await time.advance(120_000);
    expect(wedged).toEqual([]);
    expect(watch.receiving().ok).toBe(true);
  });

  test("finds loops that ask for nothing though there is room: unwell, then wedged, once", async () => {
    const { time, progress, wedged, watch } = createWatch();
    progress.calls = 0;
    await time.advance(9_000);
    expect(watch.receiving().ok).toBe(true);
    await time.advance(3_000);
    expect(watch.receiving()).toMatchObject({ ok: false, seen: expect.stringContaining("room for 10") });
    expect(wedged).toEqual([]);
    await time.advance(60_000);
    expect(wedged).toHaveLength(1);
    expect(wedged[0]).toBeGreaterThanOrEqual(30_000);
  });

  test("wakes the loops every second, so that a lost wake-up is no end", async () => {
    const { time, wakes } = createWatch();
    await time.advance(10_000);
    expect(wakes()).toBeGreaterThanOrEqual(10);
  });

  test("does not blame the loops for a pause of the whole process", () => {
    const { time, progress, wedged, watch, end } = createWatch();
    end.abort();
    progress.calls = 0;
    let nowMs = time.clock.monotonic();
    const paused = createReceiveWatch({
      clock: { ...time.clock, monotonic: () => nowMs },
      progress: () => progress,
      wake: () => {},
      onWedged: (forMs) => wedged.push(forMs),
    });
    paused.look();
    nowMs += 3_600_000;
    paused.look();
    expect(wedged).toEqual([]);
    expect(watch.receiving().ok).toBe(true);
  });

  test("says when the queue has not answered for a while", async () => {
    const { time, progress, watch } = createWatch();
    progress.failingSinceMs = time.clock.monotonic();
    await time.advance(10_000);
    expect(watch.queue().ok).toBe(true);
    await time.advance(10_000);
    expect(watch.queue()).toMatchObject({ ok: false });
    progress.failingSinceMs = null;
    expect(watch.queue().ok).toBe(true);
  });
});
