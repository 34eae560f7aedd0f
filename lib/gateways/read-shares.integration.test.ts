import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createReadShares } from "#lib/gateways/read-shares.ts";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 8 });
});

afterAll(async () => {
  await db.$disconnect();
  await postgres.close();
});

const LIFE_MS = 60_000;
const sumOf = async (queue: string) => (await db.readShare.findMany({ where: { queue } })).reduce((sum, { part }) => sum + part, 0);

/** A process that obeys: it uses what it was told, and says so with the next call. */
function holderOf(queue: string, holder: string, { address = holder, lifeMs = LIFE_MS, leastPart = 0, turnMs = 0 } = {}) {
  const shares = createReadShares({ db, queue, budget: "open-api" });
  let inUse = 0;
  let first = true;
  return {
    inUse: () => inUse,
    renew: async () => {
      const share = await shares.renew({ holder, address, inUse, lifeMs, first, leastPart, turnMs });
      first = false;
      inUse = share.part;
      return share;
    },
    release: () => shares.release(holder),
  };
}

describe("parts of a read budget", () => {
  it("are the whole for one alone, and equal once those who had more have said that they use less", async () => {
    const [a, b] = [holderOf("two", "a"), holderOf("two", "b")];
    expect(await a.renew()).toEqual({ part: 1, holders: 1 });
    expect(await b.renew()).toEqual({ part: 0, holders: 2 });
    expect(await a.renew()).toEqual({ part: 0.5, holders: 2 });
    // The row shows what was in use when it was asked: its answer may have been lost.
    expect(await b.renew()).toEqual({ part: 0, holders: 2 });
    await a.renew();
    expect(await b.renew()).toEqual({ part: 0.5, holders: 2 });
    await a.release();
    expect(await b.renew()).toEqual({ part: 1, holders: 1 });
  });

  it("never add up to more than one, however many come and go at once", async () => {
    const holders = Array.from({ length: 7 }, (_, n) => holderOf("many", String(n)));
    for (let round = 0; round < 6; round += 1) {
      await Promise.all(holders.slice(0, round + 2).map((holder) => holder.renew()));
      expect(await sumOf("many")).toBeLessThan(1 + 1e-9);
      expect(holders.reduce((sum, { inUse }) => sum + inUse(), 0)).toBeLessThan(1 + 1e-9);
    }
    for (let round = 0; round < 3; round += 1) await Promise.all(holders.map((holder) => holder.renew()));
    for (const holder of holders) expect(holder.inUse()).toBeCloseTo(1 / 7);
  });

  it("of the dead are free when they expire, and at once for a process started at the same place", async () => {
    await holderOf("dead", "short", { lifeMs: 1 }).renew();
    const next = holderOf("dead", "next", { address: "host:3001" });
    await expect.poll(async () => (await next.renew()).part).toBe(1);
    expect(await holderOf("dead", "started-again", { address: "host:3001" }).renew()).toEqual({ part: 1, holders: 1 });
  });

  it("that would be too small for all are had by as many as they serve, in turns, whoever waited longest first", async () => {
    const holders = ["a", "b", "c", "d", "e"].map((name) => holderOf("turns", name, { leastPart: 0.45 }));
    for (const { renew } of holders) await renew();
    const turns = new Map<number, number>();
    const order: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      for (const [position, { renew, inUse }] of holders.entries()) {
        const before = inUse();
        const { part } = await renew();
        expect([0, 0.5, 1]).toContain(part);
        if (before === 0 && part > 0) {
          turns.set(position, (turns.get(position) ?? 0) + 1);
          order.push(position);
        }
      }
      expect(await sumOf("turns")).toBeLessThanOrEqual(1);
      expect(holders.filter((holder) => holder.inUse() > 0).length).toBeLessThanOrEqual(2);
    }
    // Nobody comes again before all others have been.
    const later = order.slice(5);
    for (let at = 0; at + 5 <= later.length; at += 1) expect(new Set(later.slice(at, at + 5)).size).toBeGreaterThanOrEqual(4);
    expect(Math.min(...holders.map((_, position) => turns.get(position) ?? 0))).toBeGreaterThan(2);
  });

  it("are kept for a turn while others wait, and for as long as nobody does", async () => {
    const [a, b] = [holderOf("kept", "a", { leastPart: 1, turnMs: 3_600_000 }), holderOf("kept", "b", { leastPart: 1 })];
    await a.renew();
    for (let round = 0; round < 3; round += 1) expect([(await b.renew()).part, (await a.renew()).part]).toEqual([0, 1]);
    await a.release();
    expect((await b.renew()).part).toBe(1);
    expect((await b.renew()).part).toBe(1);
    // Who comes back comes last, and to a part that is over it is given up only when it is no longer used.
    expect((await a.renew()).part).toBe(0);
    expect(await b.renew()).toEqual({ part: 0, holders: 2 });
    expect((await a.renew()).part).toBe(0);
    await b.renew();
    expect((await a.renew()).part).toBe(1);
  });

  it("too small to be used become whole again when a table was made smaller", async () => {
    const equal = ["a", "b", "c"].map((name) => holderOf("smaller", name));
    for (let round = 0; round < 3; round += 1) for (const { renew } of equal) await renew();
    const asked = equal.map((holder, position) => {
      let inUse = holder.inUse();
      const shares = createReadShares({ db, queue: "smaller", budget: "open-api" });
      return async () => (inUse = (await shares.renew({ holder: ["a", "b", "c"][position] ?? "", address: "x", inUse, lifeMs: LIFE_MS, first: false, leastPart: 1, turnMs: 3_600_000 })).part);
    });
    const seen: number[][] = [];
    for (let round = 0; round < 3; round += 1) {
      const parts: number[] = [];
      for (const renew of asked) parts.push(await renew());
      seen.push(parts.toSorted((a, b) => a - b));
    }
    expect(seen.at(-1)).toEqual([0, 0, 1]);
  });

  it("of a waiting one that is gone keep nobody waiting behind it", async () => {
    const [a, gone, b] = ["a", "gone", "b"].map((name) => holderOf("gone", name, { leastPart: 1, turnMs: 0 })) as [ReturnType<typeof holderOf>, ReturnType<typeof holderOf>, ReturnType<typeof holderOf>];
    await a.renew();
    await gone.renew();
    await b.renew();
    // As if it had last asked five seconds ago.
    await db.$executeRaw`UPDATE read_share SET expires_at = expires_at - interval '5 seconds' WHERE queue = 'gone' AND holder = 'gone'`;
    await a.renew();
    await a.renew();
    expect((await b.renew()).part).toBe(1);
  });

  it("are of one queue and budget each", async () => {
    await holderOf("one", "a").renew();
    expect((await holderOf("other", "b").renew()).part).toBe(1);
    expect((await createReadShares({ db, queue: "one", budget: "search" }).renew({ holder: "a", address: "a", inUse: 0, lifeMs: LIFE_MS, first: true, leastPart: 0, turnMs: 0 })).part).toBe(1);
  });
});
