import { describe, expect, test } from "vitest";
import { type LeaseStep, leaseStep } from "#lib/domain/drain-rate.ts";
import type { WorkerEvent } from "./events.ts";
import { createLeaser, LOCAL_FOR_MS } from "./lease.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

/** One row and several workers that draw on it, on one clock. */
function createFleet(workers: number, rateWcuPerSecond = 100) {
  const time = createVirtualClock();
  const { clock } = time;
  const row = { rateWcuPerSecond, version: 1, tatMs: 0, away: false };
  const events: WorkerEvent[] = [];
  const drain = {
    async lease({ costWriteUnits, leadMs }: { costWriteUnits: number; leadMs: number }) {
      if (row.away) throw new Error("no connection to Postgres");
      const nowMs = clock.monotonic();
      const step: LeaseStep = leaseStep({ tatMs: row.tatMs, nowMs, costWriteUnits, rateWcuPerSecond: row.rateWcuPerSecond, leadMs });
      const common = { effectiveWcuPerSecond: row.rateWcuPerSecond, version: row.version };
      if (!step.granted) return { granted: false as const, retryInMs: step.retryInMs, ...common };
      row.tatMs = step.tatMs;
      return { granted: true as const, startInMs: step.startMs - nowMs, ...common };
    },
  };
  const spent: { atMs: number; units: number; worker: number }[] = [];
  const add = (busy = true) => {
    const leaser = createLeaser({ drain, clock, emit: (event) => events.push(event) });
    if (!row.away) leaser.seen({ effectiveWcuPerSecond: row.rateWcuPerSecond, version: row.version });
    const worker = { leaser, busy, ended: false };
    const index = fleet.push(worker) - 1;
    const loop = async () => {
      while (!worker.ended) {
        let waitMs = 20;
        if (worker.busy) {
          const answer = await leaser.lease(2);
          if (answer.granted) spent.push({ atMs: answer.startAtMs, units: 2, worker: index });
          waitMs = answer.granted ? answer.startInMs : Math.min(250, answer.retryInMs);
        }
        await new Promise<void>((resolve) => clock.setTimer(resolve, Math.max(1, waitMs)));
      }
    };
    void loop();
    return worker;
  };
  const fleet: { leaser: ReturnType<typeof createLeaser>; busy: boolean; ended: boolean }[] = [];
  for (let n = 0; n < workers; n += 1) add();
  return {
    row,
    events,
    fleet,
    add,
    clock,
    advance: (ms: number) => time.advance(ms),
    /** Units whose start lies in the range, a second. */
    perSecond: (fromMs: number, toMs: number) => (spent.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).reduce((sum, one) => sum + one.units, 0) * 1000) / (toMs - fromMs),
    read: (worker: number) => fleet[worker]?.leaser.seen({ effectiveWcuPerSecond: row.rateWcuPerSecond, version: row.version }),
    end: () => fleet.forEach((worker) => (worker.ended = true)),
  };
}

describe("while Postgres is away", () => {
  test("the sum over all workers does not rise, also with a worker that has just joined", async () => {
    const fleet = createFleet(2);
    await fleet.advance(10_000);
    fleet.add();
    await fleet.advance(2_000);
    fleet.row.away = true;
    const from = fleet.clock.monotonic() + 200;
    await fleet.advance(60_000);
    expect(fleet.perSecond(from, from + 59_000)).toBeLessThanOrEqual(100);
    expect(fleet.perSecond(from, from + 59_000)).toBeGreaterThan(70);
    fleet.end();
  });

  test("a rate that was lowered just before is obeyed, not the average of the higher one", async () => {
    const fleet = createFleet(3, 1_000);
    await fleet.advance(10_000);
    fleet.row.rateWcuPerSecond = 30;
    await fleet.advance(1_000);
    fleet.row.away = true;
    const from = fleet.clock.monotonic() + 200;
    await fleet.advance(30_000);
    expect(fleet.perSecond(from, from + 29_000)).toBeLessThanOrEqual(30);
    fleet.end();
  });

  test("an override that ends meanwhile ends here, too", async () => {
    const fleet = createFleet(1, 400);
    fleet.fleet[0]?.leaser.seen({ effectiveWcuPerSecond: 400, version: 1, override: { endsInSeconds: 20, thenWcuPerSecond: 40 } });
    await fleet.advance(10_000);
    fleet.row.away = true;
    const over = 20_000;
    await fleet.advance(30_000);
    expect(fleet.perSecond(over + 500, over + 15_000)).toBeLessThanOrEqual(40);
    expect(fleet.perSecond(over + 500, over + 15_000)).toBeGreaterThan(30);
    fleet.end();
  });

  test("a worker that has never been granted anything grants nothing", async () => {
    const fleet = createFleet(0);
    const idle = fleet.add(false);
    await fleet.advance(20_000);
    fleet.row.away = true;
    idle.leaser.unreachable(new Error("away"));
    idle.busy = true;
    await fleet.advance(20_000);
    expect(fleet.perSecond(0, 40_000)).toBe(0);
    expect(idle.leaser.closed()).toBe(true);
    fleet.end();
  });

  test("it pauses after five minutes", async () => {
    const fleet = createFleet(1);
    await fleet.advance(10_000);
    fleet.row.away = true;
    await fleet.advance(LOCAL_FOR_MS + 1_000);
    const from = fleet.clock.monotonic();
    await fleet.advance(20_000);
    expect(fleet.perSecond(from, from + 20_000)).toBe(0);
    expect(fleet.events.filter(({ event }) => event === "draining_paused")).toHaveLength(1);
    expect(fleet.fleet[0]?.leaser.rate().effectiveWcuPerSecond).toBe(0);
    fleet.end();
  }, 30_000);
});

describe("when Postgres is back", () => {
  test("the sum does not rise while some have not found it yet, and the whole rate is drawn soon after", async () => {
    const fleet = createFleet(4);
    await fleet.advance(12_000);
    fleet.row.away = true;
    await fleet.advance(30_000);
    fleet.row.away = false;
    const back = fleet.clock.monotonic();
    // One finds it at once; the others look every half second and may wait 3 s for an answer.
    fleet.read(0);
    await fleet.advance(3_500);
    for (const worker of [1, 2, 3]) fleet.read(worker);
    await fleet.advance(500);
    for (let from = back; from < back + 3_000; from += 250) expect(fleet.perSecond(from, from + 1_000)).toBeLessThanOrEqual(105);
    await fleet.advance(16_000);
    expect(fleet.perSecond(back + 10_000, back + 19_000)).toBeGreaterThan(97);
    fleet.end();
  });
});

describe("a pause", () => {
  test("is told apart from an outage: halted, at a rate of 0, until a reading says otherwise", async () => {
    const fleet = createFleet(1);
    await fleet.advance(2_000);
    Object.assign(fleet.row, { rateWcuPerSecond: 0, version: 2 });
    fleet.read(0);
    const leaser = fleet.fleet[0]?.leaser;
    expect(leaser?.halted()).toBe(true);
    expect(leaser?.rate()).toEqual({ effectiveWcuPerSecond: 0, version: 2 });
    const from = fleet.clock.monotonic() + 200;
    await fleet.advance(10_000);
    expect(fleet.perSecond(from, from + 9_000)).toBe(0);
    fleet.row.away = true;
    await fleet.advance(10_000);
    expect(fleet.perSecond(from, from + 19_000)).toBe(0);
    fleet.row.away = false;
    Object.assign(fleet.row, { rateWcuPerSecond: 100, version: 3 });
    fleet.read(0);
    await fleet.advance(20_000);
    expect(leaser?.halted()).toBe(false);
    fleet.end();
  });
});
