import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { useDrainRows } from "#infra/testing/drain-rows.ts";
import { createDrainStore, DrainNotFound } from "./drain-store.ts";

const { db, drainAt } = useDrainRows();

/** Clients that draw all they can. @returns units granted and seconds passed. */
async function draw(drain: Pick<ReturnType<typeof createDrainStore>, "lease">, { clients, costWriteUnits, forMs }: { clients: number; costWriteUnits: number; forMs: number }) {
  const startedMs = performance.now();
  let units = 0;
  let calls = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() - startedMs < forMs) {
        const lease = await drain.lease({ costWriteUnits, leadMs: 100 });
        calls += 1;
        if (lease.granted) units += costWriteUnits;
        await sleep(lease.granted ? lease.startInMs : lease.retryInMs);
      }
    }),
  );
  return { units, calls, seconds: (performance.now() - startedMs) / 1000 };
}

describe("the lease", () => {
  test("16 clients together never draw more than the rate, and draw all of it", async () => {
    const { drain } = await drainAt(500);
    const { units, seconds } = await draw(drain, { clients: 16, costWriteUnits: 5, forMs: 2_000 });
    // The lead is granted ahead of time, and one lease may reach over the end.
    expect(units).toBeLessThanOrEqual(500 * (seconds + 0.1) + 5);
    expect(units).toBeGreaterThanOrEqual(500 * seconds * 0.9);
  });

  test("is bounded by the row even when nobody waits for a refusal", async () => {
    const { drain } = await drainAt(1_000);
    const startedMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 400 }, () => drain.lease({ costWriteUnits: 10, leadMs: 100 })));
    const seconds = (performance.now() - startedMs) / 1000;
    const units = answers.filter(({ granted }) => granted).length * 10;
    expect(units).toBeLessThanOrEqual(1_000 * (seconds + 0.1) + 10);
    expect(units).toBeGreaterThan(0);
  });

  test("names the start and, when refused, the wait", async () => {
    const { drain } = await drainAt(10);
    const first = await drain.lease({ costWriteUnits: 64, leadMs: 100 });
    expect(first).toMatchObject({ granted: true, effectiveWcuPerSecond: 10, version: 2 });
    const second = await drain.lease({ costWriteUnits: 1, leadMs: 100 });
    expect(second.granted).toBe(false);
    if (!second.granted) expect(second.retryInMs).toBeGreaterThan(6_000);
  });

  test("a queue without a row is told apart", async () => {
    const nobody = createDrainStore({ db: db(), queue: "nobody.fifo" });
    await expect(nobody.lease({ costWriteUnits: 1, leadMs: 100 })).rejects.toBeInstanceOf(DrainNotFound);
    await expect(nobody.read()).rejects.toBeInstanceOf(DrainNotFound);
  });
});

describe("the guard", () => {
  test("holds any dial to its share of the table, and follows the table", async () => {
    const { drain } = await drainAt(1_000);
    await drain.setProvisioned({ writeUnits: 200 });
    expect(await drain.read()).toMatchObject({ rateWcuPerSecond: 1_000, effectiveWcuPerSecond: 180, provisionedWcu: 200 });
    const { units, seconds } = await draw(drain, { clients: 4, costWriteUnits: 5, forMs: 1_500 });
    expect(units).toBeLessThanOrEqual(180 * (seconds + 0.1) + 5);
    await drain.setProvisioned({ writeUnits: null });
    expect((await drain.read()).effectiveWcuPerSecond).toBe(1_000);
  });
});

describe("a change of the dial", () => {
  test("measures what is leased ahead anew, at the new rate", async () => {
    const { drain } = await drainAt(10);
    await drain.lease({ costWriteUnits: 40, leadMs: 100 }); // 4 s at 10/s
    await drain.change({ rateWcuPerSecond: 1_000, expectedVersion: 2, actor: "test" }); // 40 ms at 1,000/s
    expect((await drain.lease({ costWriteUnits: 1, leadMs: 100 })).granted).toBe(true);
  });

  test("does not grant the past at a raised rate after a rest", async () => {
    const { drain } = await drainAt(1);
    await sleep(300);
    await drain.change({ rateWcuPerSecond: 100, expectedVersion: 2, actor: "test" });
    const { units, seconds } = await draw(drain, { clients: 4, costWriteUnits: 1, forMs: 500 });
    expect(units).toBeLessThanOrEqual(100 * (seconds + 0.1) + 1);
  });

  test("of two operators who saw the same version one wins, and the history says who", async () => {
    const { drain } = await drainAt(10);
    const outcomes = await Promise.all(
      ["anna", "bob", "carl"].map((actor, index) => drain.change({ rateWcuPerSecond: 20 + index, expectedVersion: 2, actor, reason: "launch" })),
    );
    const won = outcomes.filter(({ outcome }) => outcome === "changed");
    expect(won).toHaveLength(1);
    const now = await drain.read();
    for (const lost of outcomes.filter(({ outcome }) => outcome === "conflict")) expect(lost.drain).toMatchObject({ version: 3, rateWcuPerSecond: now.rateWcuPerSecond });
    const history = await drain.history({ from: new Date(0), to: new Date(Date.now() + 60_000) });
    expect(history).toMatchObject([
      { fromRateWcuPerSecond: 100, toRateWcuPerSecond: 10, actor: "test", reason: null },
      { fromRateWcuPerSecond: 10, toRateWcuPerSecond: now.rateWcuPerSecond, actor: now.changedBy, reason: "launch" },
    ]);
  });
});

describe("throttle feedback", () => {
  test("cuts the factor once a second over all, and time brings it back", async () => {
    const { queue, drain } = await drainAt(100);
    await db().$executeRaw`UPDATE drain SET factor_at = factor_at - interval '10 seconds' WHERE queue = ${queue}`;
    const cuts = await Promise.all(Array.from({ length: 8 }, () => drain.throttled()));
    expect(cuts.filter(Boolean)).toHaveLength(1);
    expect((await drain.read()).factor).toBeCloseTo(0.7, 1);
    await db().$executeRaw`UPDATE drain SET factor_at = factor_at - interval '5 seconds' WHERE queue = ${queue}`;
    const recovering = await drain.read();
    expect(recovering.factor).toBeCloseTo(0.8, 1);
    expect(recovering.effectiveWcuPerSecond).toBeCloseTo(recovering.factor * 100, 0);
    for (let cut = 0; cut < 12; cut += 1) {
      await drain.throttled();
      await db().$executeRaw`UPDATE drain SET factor_at = factor_at - interval '1 second' WHERE queue = ${queue}`;
    }
    await drain.throttled();
    expect((await drain.read()).factor).toBeGreaterThanOrEqual(0.05);
  });
});
