import { expect, test } from "vitest";
import type { QueueAttributes } from "#lib/gateways/sqs-queue.ts";
import { createProgressHeal } from "./progress-heal.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

const SECOND = 1_000;
const START = Date.UTC(2026, 0, 1);

function createWorld() {
  const time = createVirtualClock(START);
  const { clock } = time;
  const world = {
    depth: { visible: 0, inFlight: 0, delayed: 0 },
    retentionSeconds: 345_600 as number | null,
    away: null as "postgres" | "sqs" | null,
    /** How far the database's clock is from ours. */
    skewMs: 0,
    any: true,
    left: 0,
    healed: [] as number[],
    losses: [] as number[],
    pruned: [] as { olderThanSeconds: number; after: string }[],
    looks: 0,
    events: [] as string[],
  };
  const reach = (what: "postgres" | "sqs") => {
    if (world.away === what) throw new Error("away");
  };
  const dbNow = () => clock.now() + world.skewMs;
  const heal = createProgressHeal({
    progress: {
      async toHeal() {
        reach("postgres");
        return { at: new Date(dbNow()), any: world.any };
      },
      async heal({ before, limit }) {
        world.healed.push((before.getTime() - START) / SECOND);
        const users = Math.min(limit, world.left);
        world.left -= users;
        return users;
      },
      async healLosses({ before }) {
        world.losses.push((before.getTime() - START) / SECOND);
      },
      async prune({ olderThanSeconds, after }) {
        world.pruned.push({ olderThanSeconds, after });
        return { removed: 1, next: world.pruned.length % 2 === 1 ? "k" : null };
      },
    },
    queue: {
      async attributes() {
        reach("sqs");
        world.looks += 1;
        return { ...world.depth, retentionSeconds: world.retentionSeconds, createdAt: null, visibilityTimeoutSeconds: null } satisfies QueueAttributes;
      },
    },
    clock,
    emit: ({ event }) => void world.events.push(event),
  });
  const stop = new AbortController();
  return { world, advance: (ms: number) => time.advance(ms), stop, start: () => heal.run(stop.signal) };
}

test("heals what was there when the queue was first seen empty, two minutes on, and as time goes on what came since", async () => {
  const { world, advance, start, stop } = createWorld();
  world.left = 4_500;
  const over = start();
  await advance(119 * SECOND);
  expect(world.healed).toEqual([]);
  await advance(1 * SECOND);
  // In bites, as of the first look.
  expect(world.healed).toEqual([0, 0, 0]);
  expect(world.events).toEqual(["progress_healed"]);
  await advance(20 * SECOND);
  expect(world.healed.slice(3)).toEqual([10, 20]);
  expect(world.losses).toEqual([0, 10, 20]);
  stop.abort();
  await over;
});

test.each(["visible", "inFlight", "delayed"] as const)("a message that is %s starts the two minutes anew", async (place) => {
  const { world, advance, start, stop } = createWorld();
  const over = start();
  await advance(105 * SECOND);
  world.depth[place] = 1;
  await advance(10 * SECOND);
  world.depth[place] = 0;
  await advance(124 * SECOND);
  expect(world.healed).toEqual([]);
  await advance(10 * SECOND);
  expect(world.healed).toEqual([120]);
  stop.abort();
  await over;
});

test.each(["postgres", "sqs"] as const)("looks that failed, %s being away, start the two minutes anew", async (away) => {
  const { world, advance, start, stop } = createWorld();
  const over = start();
  await advance(65 * SECOND);
  world.away = away;
  await advance(10 * SECOND);
  world.away = null;
  await advance(120 * SECOND);
  expect(world.events).toContain("duty.failed");
  expect(world.healed).toEqual([]);
  await advance(10 * SECOND);
  expect(world.healed).toEqual([80]);
  stop.abort();
  await over;
});

test.each([600, -600])("a database clock that jumps by %s s in between starts them anew", async (jumpSeconds) => {
  const { world, advance, start, stop } = createWorld();
  const over = start();
  await advance(65 * SECOND);
  world.skewMs = jumpSeconds * SECOND;
  await advance(120 * SECOND);
  expect(world.healed).toEqual([]);
  await advance(10 * SECOND);
  expect(world.healed).toEqual([70 + jumpSeconds]);
  stop.abort();
  await over;
});

test("does not ask SQS while there is nothing to heal", async () => {
  const { world, advance, start, stop } = createWorld();
  world.any = false;
  const over = start();
  await advance(1 * SECOND);
  const { looks } = world;
  await advance(600 * SECOND);
  expect(world.looks).toBe(looks);
  stop.abort();
  await over;
});

test("prunes once an hour what is older than the queue's retention and a day, to the end", async () => {
  const { world, advance, start, stop } = createWorld();
  const over = start();
  await advance(3_500 * SECOND);
  expect(world.pruned).toEqual(["", "k"].map((after) => ({ olderThanSeconds: 432_000, after })));
  world.retentionSeconds = null;
  await advance(200 * SECOND);
  expect(world.pruned.slice(2)).toEqual(["", "k"].map((after) => ({ olderThanSeconds: 15 * 86_400, after })));
  stop.abort();
  await over;
});
