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
function holderOf(queue: string, holder: string, { address = holder, lifeMs = LIFE_MS } = {}) {
  const shares = createReadShares({ db, queue, budget: "open-api" });
  let inUse = 0;
  let first = true;
  return {
    inUse: () => inUse,
    renew: async () => {
      const share = await shares.renew({ holder, address, inUse, lifeMs, first });
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

  it("are of one queue and budget each", async () => {
    await holderOf("one", "a").renew();
    expect((await holderOf("other", "b").renew()).part).toBe(1);
    expect((await createReadShares({ db, queue: "one", budget: "search" }).renew({ holder: "a", address: "a", inUse: 0, lifeMs: LIFE_MS, first: true })).part).toBe(1);
  });
});
