import { describe, expect, test } from "vitest";
import { useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { until } from "#infra/testing/until.ts";
import type { LeaderLease } from "#lib/gateways/leader-lease.ts";
import { createLeader, pause } from "./leader.ts";

const stores = useDeadLetters();

const FOREVER_MS = 60_000;

/** A leader with short times whose duty only waits; it notes who is at it. */
function start(holder: string, { lease = stores.lease, leaseMs = 300, renewMs = 50 }: { lease?: LeaderLease; leaseMs?: number; renewMs?: number } = {}) {
  const stop = new AbortController();
  const state = { working: false, starts: 0, peers: 0 };
  const events: string[] = [];
  const leader = createLeader({
    lease,
    duty: "sweeper",
    holder,
    leaseMs,
    renewMs,
    onEvent: ({ event }) => events.push(event),
    run: async (signal) => {
      state.working = true;
      state.starts += 1;
      await pause(FOREVER_MS, signal);
      state.working = false;
    },
  });
  const done = leader.run(stop.signal);
  return {
    state,
    events,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

describe("the lease", () => {
  const ask = (holder: string, leaseMs = FOREVER_MS, duty = "sweeper") => stores.lease.acquire({ duty, holder, leaseMs });

  test("has one holder, who renews it and gives it up", async () => {
    expect(await ask("a")).toBe("held");
    expect(await ask("b")).toBe("taken");
    expect(await ask("a")).toBe("held");
    expect(await ask("b", FOREVER_MS, "redrive")).toBe("held");
    await stores.lease.release({ duty: "sweeper", holder: "b" });
    expect(await ask("b")).toBe("taken");
    await stores.lease.release({ duty: "sweeper", holder: "a" });
    expect(await ask("b")).toBe("held");
  });

  test("goes to one of many who ask at once, and to another once it has run out", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => ask(`w${n}`, 200)));
    expect(answers.filter((answer) => answer === "held")).toHaveLength(1);
    await until(async () => (await ask("late")) === "held", { deadlineMs: 5_000 });
  });
});

describe("leading", () => {
  test("one of three leads; when it stops another one takes over", async () => {
    const leaders = [start("a"), start("b"), start("c")];
    const working = () => leaders.filter(({ state }) => state.working);
    await until(() => working().length === 1, { deadlineMs: 5_000 });
    for (let left = 2; left >= 1; left--) {
      const [first] = working();
      await first?.stop();
      expect(first?.state.working).toBe(false);
      expect(first?.events.at(-1)).toBe("leader.released");
      await until(() => working().length === 1, { deadlineMs: 5_000 });
    }
    await Promise.all(leaders.map((leader) => leader.stop()));
    expect(leaders.map(({ state }) => state.starts)).toEqual([1, 1, 1]);
  });

  test("a lease that another one took ends the duty", async () => {
    const leader = start("a");
    await until(() => leader.state.working, { deadlineMs: 5_000 });
    await stores.db.$executeRaw`UPDATE leader_lease SET holder = 'b', until = now() + interval '1 hour'`;
    await until(() => !leader.state.working, { deadlineMs: 5_000 });
    expect(leader.events).toContain("leader.lost");
    await leader.stop();
  });

  test.each([
    ["fails", () => Promise.reject(new Error("connection refused"))],
    ["hangs", () => new Promise<never>(() => {})],
  ])("when Postgres %s the duty ends before the lease runs out", async (_, away) => {
    let reachable = true;
    let confirmedAt = 0;
    const lease: LeaderLease = {
      acquire: async (ask) => {
        if (!reachable) return away();
        const askedAt = performance.now();
        const answer = await stores.lease.acquire(ask);
        confirmedAt = askedAt;
        return answer;
      },
      release: () => Promise.resolve(),
    };
    const leader = start("a", { lease, leaseMs: 1_000, renewMs: 100 });
    await until(() => leader.state.working, { deadlineMs: 5_000 });
    reachable = false;
    await until(() => !leader.state.working, { deadlineMs: 5_000, everyMs: 5 });
    expect(performance.now() - confirmedAt).toBeLessThanOrEqual(1_000);
    reachable = true;
    await until(() => leader.state.working, { deadlineMs: 5_000 });
    await leader.stop();
  });

  test("a duty that throws is started again", async () => {
    const stop = new AbortController();
    let starts = 0;
    const leader = createLeader({
      lease: stores.lease,
      duty: "sweeper",
      holder: "a",
      leaseMs: 300,
      renewMs: 20,
      run: () => {
        starts += 1;
        return Promise.reject(new Error("a bug"));
      },
    });
    const done = leader.run(stop.signal);
    await until(() => starts >= 3, { deadlineMs: 5_000 });
    stop.abort();
    await done;
  });
});
