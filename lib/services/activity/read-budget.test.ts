import { describe, expect, it } from "vitest";
import { createReadBudget, READ_BUDGET_TIMES, type ReadBudgetEvent, type ReadGrant } from "./read-budget.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const HOUR_MS = 3_600_000;

/** A budget over a made-up database, on a clock that stands until it is moved. */
function world({ units = 1_000 }: { units?: number | null } = {}) {
  let time = 0;
  let order = 0;
  const timers: { at: number; order: number; action: () => void }[] = [];
  const events: ReadBudgetEvent[] = [];
  const inUse: number[] = [];
  const asked: { leastPart: number; turnMs: number }[] = [];
  const state = { away: false, tableAway: false, part: 1, units, released: 0 };
  const budget = createReadBudget({
    shares: {
      async renew(renewal) {
        inUse.push(renewal.inUse);
        asked.push(renewal);
        if (state.away) throw new Error("connection refused by 10.0.0.1");
        return { part: state.part, holders: 1 };
      },
      async release() {
        state.released += 1;
      },
    },
    provisioned: async () => {
      if (state.tableAway) throw new Error("away");
      return state.units;
    },
    share: 0.5,
    holder: "me",
    clock: {
      now: () => time,
      after(delayMs, action) {
        const timer = { at: time + Math.max(0, delayMs), order: order++, action };
        timers.push(timer);
        return () => {
          if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1);
        };
      },
    },
    report: (event) => events.push(event),
  });
  return {
    budget,
    state,
    events,
    inUse,
    asked,
    timers,
    /** The process is held still: time passes, and no timer runs. */
    stand: (ms: number) => {
      time += ms;
    },
    pass: async (ms: number) => {
      const until = time + ms;
      await settled();
      for (;;) {
        timers.sort((a, b) => a.at - b.at || a.order - b.order);
        const [next] = timers;
        if (!next || next.at > until) break;
        timers.shift();
        time = next.at;
        next.action();
        await settled();
      }
      time = until;
    },
  };
}

describe("a process's part of the read units", () => {
  it("is renewed each second, and what it grants is refilled at its rate", async () => {
    const { budget, pass, inUse } = world();
    await budget.start("here");
    expect(budget.unitsPerSecond()).toBe(500);
    expect(await budget.take(500)).toEqual({ kind: "over", retryMs: 17 });
    await pass(1_000);
    // Half a second's worth, 250 units, holds more than DynamoDB's largest page.
    const granted = (await budget.take(500)) as ReadGrant;
    expect(granted).toMatchObject({ kind: "granted", items: 500 });
    granted.settle(250);
    granted.settle(0);
    expect((await budget.take(1)).kind).toBe("over");
    await pass(3_000);
    expect(inUse).toEqual([0, 1, 1, 1, 1]);
  });

  it("that shrinks is used less at once, and the others hear so at once", async () => {
    const { budget, pass, state, inUse } = world();
    await budget.start("here");
    await pass(1_500);
    state.part = 0.25;
    await pass(500);
    expect(inUse.slice(-2)).toEqual([1, 0.25]);
    // 62.5 units are left of the 250.
    expect(await budget.take(500)).toMatchObject({ kind: "granted", items: 7 });
  });

  it("that shrinks counts as used until the reads that were begun with it have their answers", async () => {
    const { budget, pass, state, inUse } = world();
    await budget.start("here");
    await pass(999);
    const granted = (await budget.take(1)) as ReadGrant;
    state.part = 0.25;
    await pass(150);
    expect(inUse.slice(-3)).toEqual([1, 1, 1]);
    granted.settle(1);
    await pass(50);
    expect(inUse.at(-1)).toBe(0.25);
    const told = inUse.length;
    await pass(900);
    expect(inUse.length).toBe(told);
  });

  it("of a table too small for all is had in turns, and only a part that holds the largest item is read with", async () => {
    const { budget, pass, state, asked, inUse } = world({ units: 20 });
    state.part = 0;
    await budget.start("here");
    await pass(1_000);
    expect(asked.at(-1)).toMatchObject({ leastPart: 0.85, turnMs: 3_000 });
    // It asks more often while it waits.
    expect(inUse.length).toBe(5);
    expect(await budget.take(1)).toEqual({ kind: "over", retryMs: 1_000 });
    state.part = 0.84;
    await pass(10_000);
    expect(await budget.take(1)).toEqual({ kind: "over", retryMs: 1_000 });
    state.part = 1;
    await pass(250);
    expect(await budget.take(1)).toEqual({ kind: "over", retryMs: 850 });
    await pass(850);
    const granted = (await budget.take(50)) as ReadGrant;
    expect(granted.items).toBe(1);
    granted.settle(8.5);
    expect(await budget.take(1)).toEqual({ kind: "over", retryMs: 850 });
  });

  it("goes on for a minute while Postgres is away, then there is none, and then again", async () => {
    const { budget, pass, state, events } = world();
    await budget.start("here");
    await pass(1_000);
    state.away = true;
    await pass(READ_BUDGET_TIMES.partLifeMs - 1);
    const granted = (await budget.take(1)) as ReadGrant;
    expect(granted.kind).toBe("granted");
    granted.settle(0.5);
    await pass(1);
    expect(await budget.take(1)).toEqual({ kind: "unavailable" });
    state.away = false;
    await pass(2_000);
    expect((await budget.take(1)).kind).toBe("granted");
    expect(events).toEqual([{ event: "read_budget_unrenewed", error: "Error" }, { event: "read_budget_expired" }, { event: "read_budget_renewed_again" }]);
  });

  it("is over for a process that was held still beyond its part's life, also before its timers have run", async () => {
    const { budget, pass, stand } = world();
    await budget.start("here");
    await pass(1_000);
    stand(READ_BUDGET_TIMES.partLifeMs);
    expect(await budget.take(1)).toEqual({ kind: "unavailable" });
    await pass(1_000);
    expect((await budget.take(1)).kind).toBe("granted");
  });

  it("has nothing to give before the table's units are known, and keeps them while the table is away", async () => {
    const { budget, pass, state, events } = world();
    state.tableAway = true;
    await budget.start("here");
    await pass(1_000);
    const early = budget.take(1);
    await pass(READ_BUDGET_TIMES.firstPartMs);
    expect(await early).toEqual({ kind: "unavailable" });
    expect(events).toEqual([{ event: "read_units_unknown", error: "Error" }]);
    state.tableAway = false;
    await pass(3_000);
    expect((await budget.take(1)).kind).toBe("granted");
    state.tableAway = true;
    await pass(HOUR_MS);
    expect((await budget.take(1)).kind).toBe("granted");
  });

  it("has no bound where the table has none, also without Postgres", async () => {
    const { budget, state } = world({ units: null });
    state.away = true;
    await budget.start("here");
    expect(await budget.take(500)).toMatchObject({ kind: "granted", items: 500 });
    expect(budget.unitsPerSecond()).toBeNull();
  });

  it("lets a read wait for what others will give back, not longer than 20 ms, and who waits comes first", async () => {
    const { budget, pass } = world({ units: 100 });
    await budget.start("here");
    await pass(1_000);
    const first = (await budget.take(500)) as ReadGrant;
    // 25 units: three of the largest items, and nothing beside.
    expect(first.items).toBe(3);
    const [second, third] = [budget.take(500), budget.take(500)];
    await pass(15);
    first.settle(0.5);
    const granted = (await second) as ReadGrant;
    expect(granted).toMatchObject({ kind: "granted", items: 3 });
    await pass(5);
    expect((await third).kind).toBe("over");
    granted.settle(25);
    expect((await budget.take(1)).kind).toBe("over");
  });

  it("is given back at the end, and nothing is granted after", async () => {
    const { budget, pass, state, timers } = world();
    await budget.start("here");
    await pass(1_000);
    await budget.stop();
    expect([state.released, timers.length]).toEqual([1, 0]);
    expect(await budget.take(1)).toEqual({ kind: "unavailable" });
  });
});
