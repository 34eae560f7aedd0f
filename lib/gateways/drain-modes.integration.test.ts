import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { useDrainRows } from "#infra/testing/drain-rows.ts";
import { cutFactor, effectiveRate, recoveredFactor } from "#lib/domain/drain-rate.ts";

const { db, drainAt } = useDrainRows();
const by = (expectedVersion: number, reason = "why") => ({ actor: "ada", reason, expectedVersion });
const overrideOf = (rateWcuPerSecond: number, seconds: number) => ({ id: randomUUID(), rateWcuPerSecond, seconds });

describe("a pause", () => {
  test("refuses every lease from the next one on, and counts as a change", async () => {
    const { drain, modes, lease, history } = await drainAt(100);
    expect(await modes.pause(by(2))).toBe("done");
    expect(await lease()).toMatchObject({ granted: false, effectiveWcuPerSecond: 0, version: 3 });
    expect(await drain.read()).toMatchObject({ mode: "paused", modeBeforePause: "manual", askedWcuPerSecond: 0, effectiveWcuPerSecond: 0, rateWcuPerSecond: 100, changedBy: "ada" });
    expect((await history()).at(-1)).toMatchObject({ kind: "paused", mode: "paused", fromRateWcuPerSecond: 100, toRateWcuPerSecond: 0, actor: "ada", reason: "why" });
  });

  test("is left by resume, at the rate of before and with what was leased ahead still spent", async () => {
    const { drain, modes, lease } = await drainAt(10);
    await lease(40); // 4 s ahead
    await modes.pause(by(2));
    expect(await modes.resume(by(3))).toBe("done");
    expect(await drain.read()).toMatchObject({ mode: "manual", modeBeforePause: null, effectiveWcuPerSecond: 10, version: 4 });
    expect((await lease()).granted).toBe(false);
    expect(await modes.resume(by(4))).toBe("not_done");
  });

  test("stays one when the dial is set meanwhile", async () => {
    const { drain, modes } = await drainAt(10);
    await modes.pause(by(2));
    await drain.change({ rateWcuPerSecond: 300, expectedVersion: 3, actor: "bob" });
    expect(await drain.read()).toMatchObject({ mode: "paused", effectiveWcuPerSecond: 0, rateWcuPerSecond: 300 });
    await modes.resume(by(4));
    expect(await drain.read()).toMatchObject({ mode: "manual", effectiveWcuPerSecond: 300 });
  });
});

describe("an override", () => {
  test("holds for its time only: the lease itself reverts, with nobody to tell it", async () => {
    const { modes, lease } = await drainAt(1);
    expect(await modes.override(overrideOf(400, 0.3), by(2, "launch"))).toBe("done");
    expect(await lease(0)).toMatchObject({ effectiveWcuPerSecond: 400, version: 3 });
    await vi.waitFor(async () => expect((await lease(0)).effectiveWcuPerSecond).toBe(1), { timeout: 2_000, interval: 20 });
    // The version still is the override's: no reader has noted its end yet.
    expect((await lease(0)).version).toBe(3);
  });

  test("leaves one entry when it has ended, however many see it at once", async () => {
    const { drain, modes, history } = await drainAt(50);
    await modes.override(overrideOf(400, 0.2), by(2, "launch"));
    const { override } = await drain.read();
    expect(override).toMatchObject({ rateWcuPerSecond: 400, by: "ada", reason: "launch", thenWcuPerSecond: 50 });
    await vi.waitFor(async () => expect((await drain.lease({ costWriteUnits: 0, leadMs: 100 })).effectiveWcuPerSecond).toBe(50), { timeout: 2_000, interval: 20 });
    const rows = await Promise.all(Array.from({ length: 12 }, () => drain.read()));
    for (const row of rows) expect(row).toMatchObject({ override: null, effectiveWcuPerSecond: 50, version: 4, rateWcuPerSecond: 50, changedBy: "test" });
    const ends = (await history()).filter(({ kind }) => kind === "override_expired");
    expect(ends).toMatchObject([{ at: override?.until, fromRateWcuPerSecond: 400, toRateWcuPerSecond: 50, actor: "system" }]);
  });

  test("does not carry its spending into the rate of after: what is leased ahead is measured anew", async () => {
    const { modes, lease } = await drainAt(1_000);
    await modes.override(overrideOf(1, 0.3), by(2));
    await lease(64); // 64 s at 1/s, 64 ms at 1,000/s
    expect((await lease()).granted).toBe(false);
    await vi.waitFor(async () => expect((await lease()).granted).toBe(true), { timeout: 2_000, interval: 20 });
  });

  test("can be ended early, and one that was is never noted as expired", async () => {
    const { drain, modes, history } = await drainAt(50);
    await modes.override(overrideOf(400, 60), by(2));
    expect(await modes.endOverride(by(3, "done"))).toBe("done");
    expect(await drain.read()).toMatchObject({ override: null, effectiveWcuPerSecond: 50, version: 4 });
    expect((await history()).map(({ kind }) => kind)).toEqual(["rate", "override", "override_ended"]);
    expect(await modes.endOverride(by(4))).toBe("not_done");
  });

  test("stays under the guard, and ends with a pause", async () => {
    const { drain, modes } = await drainAt(50);
    await drain.setProvisioned({ writeUnits: 200 });
    await modes.override(overrideOf(1_000, 60), by(2));
    expect((await drain.read()).effectiveWcuPerSecond).toBe(180);
    await modes.pause(by(3));
    expect(await drain.read()).toMatchObject({ override: null, effectiveWcuPerSecond: 0 });
    expect(await modes.override(overrideOf(100, 60), by(4))).toBe("not_done");
  });
});

describe("the leader's rate", () => {
  test("is obeyed in its mode, under the guard, and counts no change", async () => {
    const { drain, modes } = await drainAt(50);
    await drain.setProvisioned({ writeUnits: 200 });
    await modes.setMode({ mode: "auto" }, by(2));
    expect(await drain.read()).toMatchObject({ mode: "auto", effectiveWcuPerSecond: 50, computedWcuPerSecond: null });
    const computed = { mode: "auto" as const, version: 3, rateWcuPerSecond: 120, goalState: null, neededWcuPerSecond: null };
    expect(await modes.setComputed(computed)).toBe(true);
    expect(await drain.read()).toMatchObject({ effectiveWcuPerSecond: 120, version: 3 });
    await modes.setComputed({ ...computed, rateWcuPerSecond: 5_000 });
    expect((await drain.read()).effectiveWcuPerSecond).toBe(180);
  });

  test("of a leader who worked for an older setting is refused", async () => {
    const { drain, modes } = await drainAt(50);
    await modes.setMode({ mode: "goal", clearBy: new Date(Date.now() + 3_600_000) }, by(2));
    await modes.setMode({ mode: "goal", clearBy: new Date(Date.now() + 7_200_000) }, by(3));
    const stale = { mode: "goal" as const, version: 3, rateWcuPerSecond: 900, goalState: "on_track" as const, neededWcuPerSecond: 900 };
    expect(await modes.setComputed(stale)).toBe(false);
    expect(await drain.read()).toMatchObject({ effectiveWcuPerSecond: 50, goal: { state: null, neededWcuPerSecond: null } });
    expect(await modes.setComputed({ ...stale, version: 4 })).toBe(true);
    expect((await drain.read()).goal).toMatchObject({ state: "on_track", neededWcuPerSecond: 900 });
  });

  test("is left when somebody sets the dial; a goal in the past is refused", async () => {
    const { drain, modes } = await drainAt(50);
    await modes.setMode({ mode: "auto" }, by(2));
    await drain.change({ rateWcuPerSecond: 70, expectedVersion: 3, actor: "bob" });
    expect(await drain.read()).toMatchObject({ mode: "manual", effectiveWcuPerSecond: 70 });
    expect(await modes.setMode({ mode: "goal", clearBy: new Date(Date.now() - 1_000) }, by(4))).toBe("not_done");
  });
});

test("of acts that saw the same version one is done", async () => {
  const { drain, modes, history } = await drainAt(50);
  const outcomes = await Promise.all([
    modes.pause(by(2)),
    modes.setMode({ mode: "auto" }, by(2)),
    modes.override(overrideOf(400, 60), by(2)),
    drain.change({ rateWcuPerSecond: 70, expectedVersion: 2, actor: "bob" }).then(({ outcome }) => (outcome === "changed" ? "done" : "not_done")),
  ]);
  expect(outcomes.filter((one) => one === "done")).toHaveLength(1);
  expect(await drain.read()).toMatchObject({ version: 3 });
  expect(await history()).toHaveLength(2);
});

describe("a table with an index", () => {
  test("is guarded by what table and index bear together, once a worker has measured it", async () => {
    const { drain } = await drainAt(10_000);
    const guess = { writeUnits: 50, measured: false };
    await drain.setProvisioned({ writeUnits: 200, ceiling: guess });
    expect(await drain.read()).toMatchObject({ provisionedWcu: 200, ceilingWcu: 50, effectiveWcuPerSecond: 45 });
    await drain.setProvisioned({ writeUnits: 200, ceiling: { writeUnits: 100, measured: true } });
    expect((await drain.read()).effectiveWcuPerSecond).toBe(90);
    // A worker that has just started knows less than the row.
    await drain.setProvisioned({ writeUnits: 200, ceiling: guess });
    expect((await drain.read()).effectiveWcuPerSecond).toBe(90);
  });
});

describe("the arithmetic", () => {
  test("of the row is that of the domain, whatever is set", async () => {
    const { queue, drain } = await drainAt(100);
    const positive = fc.double({ min: 1, max: 100_000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(positive, fc.option(positive), fc.option(positive), fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer({ min: 0, max: 60 }), async (dial, provisioned, ceiling, factor, seconds) => {
        const startedMs = performance.now();
        await db().$executeRaw`UPDATE drain SET rate_wcu_per_second = ${dial}::float8, provisioned_wcu = ${provisioned}::float8, ceiling_wcu = ${ceiling}::float8,
          factor = ${factor}::float8, factor_at = clock_timestamp() - make_interval(secs => ${seconds}::float8) WHERE queue = ${queue}`;
        const row = await drain.read();
        const at = (elapsedMs: number) =>
          effectiveRate({ rateWcuPerSecond: dial, capacityShare: 0.9, provisionedWcu: provisioned, ceilingWcu: ceiling, factor: recoveredFactor(factor, elapsedMs) });
        // The clock goes on between the two statements.
        expect(row.effectiveWcuPerSecond).toBeGreaterThanOrEqual(at(seconds * 1000) * 0.9999);
        expect(row.effectiveWcuPerSecond).toBeLessThanOrEqual(at(seconds * 1000 + performance.now() - startedMs + 50) * 1.0001);
      }),
      { numRuns: 60 },
    );
  });

  test("of the feedback: cut to no less than 5 %, at most once a second over all, whatever the factor was", async () => {
    const { queue, drain } = await drainAt(100);
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), async (factor, seconds, workers) => {
        await db().$executeRaw`UPDATE drain SET factor = ${factor}::float8, factor_at = clock_timestamp() - make_interval(secs => ${seconds}::float8) WHERE queue = ${queue}`;
        const startedMs = performance.now();
        const before = (await drain.read()).factor;
        const cuts = await Promise.all(Array.from({ length: workers }, () => drain.throttled()));
        const after = (await drain.read()).factor;
        const elapsedMs = performance.now() - startedMs;
        const done = cuts.filter(Boolean).length;
        expect(done).toBeGreaterThanOrEqual(1);
        expect(done).toBeLessThanOrEqual(1 + Math.floor(elapsedMs / 1000));
        expect(after).toBeGreaterThanOrEqual(0.05);
        if (done > 1) return; // a machine that stood still for a second
        expect(after).toBeGreaterThanOrEqual(cutFactor(before) * 0.9999);
        expect(after).toBeLessThanOrEqual(recoveredFactor(cutFactor(recoveredFactor(before, elapsedMs)), elapsedMs) + 1e-9);
      }),
      { numRuns: 30 },
    );
  });

  test("of a change keeps the units that are spent ahead, and a cut or a new guard does so, too", async () => {
    const { drain, modes } = await drainAt(10);
    await drain.lease({ costWriteUnits: 100, leadMs: 100 }); // 10 s ahead
    const waitMs = async () => {
      const answer = await drain.lease({ costWriteUnits: 1, leadMs: 100 });
      return answer.granted ? 0 : answer.retryInMs;
    };
    await drain.change({ rateWcuPerSecond: 100, expectedVersion: 2, actor: "test" });
    expect(await waitMs()).toBeGreaterThan(500);
    expect(await waitMs()).toBeLessThan(950);
    await drain.setProvisioned({ writeUnits: 1 });
    expect(await waitMs()).toBeGreaterThan(60_000);
    await drain.setProvisioned({ writeUnits: null });
    expect(await waitMs()).toBeLessThan(950);
    await modes.override(overrideOf(1, 60), by(3));
    expect(await waitMs()).toBeGreaterThan(50_000);
    await modes.endOverride(by(4));
    expect(await waitMs()).toBeLessThan(950);
  });
});
