import { describe, expect, test } from "vitest";
import type { Drain } from "#lib/contracts/drain.ts";
import type { ComputedRate } from "#lib/gateways/drain-modes.ts";
import { createDrainMode } from "./drain-mode.ts";
import type { WorkerEvent } from "./events.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

const row = (change: Partial<Drain>): Drain => ({
  queue: "q", rateWcuPerSecond: 100, askedWcuPerSecond: 100, effectiveWcuPerSecond: 100, capacityShare: 0.9, provisionedWcu: 200, ceilingWcu: null, factor: 1,
  mode: "manual", modeBeforePause: null, computedWcuPerSecond: null, computedAt: null, goal: null, override: null,
  version: 5, versionAt: "2026-01-01T00:00:00.000Z", changedBy: "ada", reason: null, changedAt: "2026-01-01T00:00:00.000Z", ...change,
});

/** The duty over made-up readings. */
function createDuty(drain: Partial<Drain>, { stored = 100, writeUnits = 200, throttles = 0, backlog = 9_000, accepted = 10, consumed = null as number | null } = {}) {
  const time = createVirtualClock();
  const { clock } = time;
  const state = { row: row(drain), written: [] as ComputedRate[], events: [] as WorkerEvent[], away: false };
  const duty = createDrainMode({
    clock,
    emit: (event) => state.events.push(event),
    drain: { read: () => Promise.resolve(state.row) },
    modes: {
      async setComputed(computed) {
        state.written.push(computed);
        state.row = { ...state.row, computedWcuPerSecond: computed.rateWcuPerSecond, goal: state.row.goal && { ...state.row.goal, state: computed.goalState } };
        return true;
      },
    },
    queue: {
      async attributes() {
        if (state.away) throw new Error("SQS is away");
        return { visible: backlog, inFlight: 0, delayed: 0, visibilityTimeoutSeconds: 30 } as never;
      },
    },
    registry: {
      samples: () => Promise.resolve({ perSecond: [{ second: new Date(0), workers: 1, received: 0, stored, failed: 0, dead: 0, throttles, writeUnits, oldestSentAt: null }], perWorker: [] }),
    },
    ingestSamples: { perSecond: () => Promise.resolve([{ second: new Date(0), processes: 1, accepted, refused: 0, unknown: 0 }]) },
    history: { history: () => Promise.resolve(consumed === null ? [] : [{ t: Math.floor(clock.now() / 1000) - 120, consumedWriteUnitsPerSecond: consumed } as never]) },
  });
  return { duty, state, clock, advance: (ms: number) => time.advance(ms) };
}
const goalIn = (clock: { now: () => number }, seconds: number) => ({ clearBy: new Date(clock.now() + seconds * 1000).toISOString(), state: null, neededWcuPerSecond: null });

describe("the leader's rate", () => {
  test("towards a goal comes from the backlog, the measured cost and the arrival, and changes as they do", async () => {
    const { duty, state, clock } = createDuty({ mode: "goal" });
    state.row.goal = goalIn(clock, 200);
    await duty.compute();
    // (9,000 / 200 s + 10/s) at 2 WCU each, and 5 % to spare.
    expect(state.written[0]).toMatchObject({ mode: "goal", version: 5, goalState: "on_track", neededWcuPerSecond: 110 });
    expect(state.written[0]?.rateWcuPerSecond).toBeCloseTo(115.5);
    expect(state.events).toContainEqual(expect.objectContaining({ event: "goal_state", state: "on_track" }));
  });

  test("that cannot meet the goal says so and stays under the guard", async () => {
    const { duty, state, clock } = createDuty({ mode: "goal" });
    state.row.goal = goalIn(clock, 20);
    await duty.compute();
    expect(state.written[0]).toMatchObject({ goalState: "cannot_be_met", rateWcuPerSecond: 180 });
  });

  test("follows what the table bears in the mode auto: less what others take, less when it throttles", async () => {
    const free = createDuty({ mode: "auto", computedWcuPerSecond: 170 }, { consumed: 50, writeUnits: 600 });
    await free.duty.compute();
    expect(free.state.written[0]?.rateWcuPerSecond).toBeCloseTo(180 - (50 - 600 / 60));
    const throttled = createDuty({ mode: "auto", computedWcuPerSecond: 100 }, { throttles: 3 });
    await throttled.duty.compute();
    expect(throttled.state.written[0]?.rateWcuPerSecond).toBeCloseTo(80);
  });

  test("is not worked out in the modes manual and paused", async () => {
    for (const mode of ["manual", "paused"] as const) {
      const { duty, state } = createDuty({ mode });
      await duty.compute();
      expect(state.written).toEqual([]);
    }
  });

  test("stands as it was while a source is away, and is worked out again when it is back", async () => {
    const { duty, state, clock, advance } = createDuty({ mode: "goal" });
    state.row.goal = goalIn(clock, 3_600);
    state.away = true;
    const stop = new AbortController();
    const running = duty.run(stop.signal);
    await advance(10_000);
    expect(state.written).toEqual([]);
    expect(state.events).toContainEqual(expect.objectContaining({ event: "duty.failed", duty: "drain-mode" }));
    state.away = false;
    await advance(10_000);
    expect(state.written.length).toBeGreaterThanOrEqual(3);
    stop.abort();
    await running;
  });
});
