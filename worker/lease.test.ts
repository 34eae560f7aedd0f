import { describe, expect, test } from "vitest";
import { LOCAL_FOR_MS } from "./lease.ts";
import { createLeaseFleet } from "./testing/lease-fleet.ts";

describe("while Postgres is away", () => {
  test("the sum over all workers does not rise, also with a worker that has just joined", async () => {
    const fleet = createLeaseFleet(2);
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
    const fleet = createLeaseFleet(3, 1_000);
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
    const fleet = createLeaseFleet(1, 400);
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
    const fleet = createLeaseFleet(0);
    const idle = fleet.add({ busy: false });
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
    const fleet = createLeaseFleet(1);
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
    const fleet = createLeaseFleet(4);
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

describe("while Postgres hangs", () => {
  test("they go on within their share, no lease waits past its limit, and the sum does not rise, then or when it is back", async () => {
    const fleet = createLeaseFleet(0);
    for (let worker = 0; worker < 3; worker += 1) fleet.add({ reads: true });
    await fleet.advance(12_000);
    const goOn = fleet.hang();
    const hungMs = fleet.clock.monotonic();
    await fleet.advance(6_000);
    goOn();
    const backMs = fleet.clock.monotonic();
    await fleet.advance(20_000);
    // Each found out within the time limit of a lease, and went on.
    expect(fleet.longestLeaseMs()).toBe(1_500);
    expect(fleet.perSecond(hungMs + 2_000, backMs)).toBeGreaterThan(70);
    expect(fleet.worst(hungMs - 2_000, backMs + 16_000)).toBeLessThanOrEqual(105);
    // And all draw on the row again in the end.
    expect(fleet.perSecond(backMs + 12_000, backMs + 19_000)).toBeGreaterThan(97);
    fleet.end();
  });

  test("one that starts meanwhile does not drain until it has been granted something", async () => {
    const fleet = createLeaseFleet(1);
    await fleet.advance(12_000);
    const goOn = fleet.hang();
    await fleet.advance(2_000);
    const late = fleet.add({ busy: false, reads: true });
    await fleet.advance(6_000);
    expect(await late.leaser.lease(1)).toMatchObject({ granted: false });
    expect(late.leaser.closed()).toBe(true);
    goOn();
    await fleet.advance(20_000);
    expect(late.leaser.closed()).toBe(false);
    fleet.end();
  });
});

describe("a pause", () => {
  test("is told apart from an outage: halted, at a rate of 0, until a reading says otherwise", async () => {
    const fleet = createLeaseFleet(1);
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
