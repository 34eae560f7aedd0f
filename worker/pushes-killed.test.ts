import fc from "fast-check";
import { expect, test } from "vitest";
import { effectiveRate } from "#lib/domain/drain-rate.ts";
import { createConsumer } from "./consumer.ts";
import { createPushes } from "./pushes.ts";
import { createFakeFilter, createFakeSink } from "./testing/fake-push.ts";
import { activityBody, createWorld } from "./testing/world.ts";

const USERS = 3;
const EACH = 4;

/** A process that dies at one of its calls: before it, or after it has had its effect. */
function createLife(dieAtStep: number) {
  const life = { steps: 0, dead: false, pushed: [] as { id: string; idempotencyKey: string }[] };
  const step = () => {
    life.steps += 1;
    if (life.steps >= dieAtStep) life.dead = true;
  };
  /** The same object, whose calls end with the life. */
  const mortal = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== "function") return value;
        return async (...call: unknown[]): Promise<unknown> => {
          if (!life.dead) step();
          if (life.dead) return await new Promise(() => {});
          const answer: unknown = await Reflect.apply(value, of, call);
          if (!life.dead) step();
          return life.dead ? await new Promise(() => {}) : answer;
        };
      },
    });
  return { life, mortal };
}

/** Several workers, one after the other, each killed at some step; the last one lives. */
async function drainWithKills(dieAtSteps: readonly number[]) {
  const world = createWorld();
  const { filter, rows } = createFakeFilter();
  const sink = createFakeSink();
  const gapKills = new Map<string, number>();
  let uuids = 0;
  for (let user = 0; user < USERS; user += 1) {
    for (let n = 0; n < EACH; n += 1) world.queue.send(activityBody(`u${user}`, `u${user}-${n}`), { groupId: `u${user}` });
  }
  for (const dieAtStep of [...dieAtSteps, Number.POSITIVE_INFINITY]) {
    const { life, mortal } = createLife(dieAtStep);
    const uuid = () => `uuid-${(uuids += 1)}`;
    const shared = { clock: world.clock, random: () => 0.5, uuid, emit: () => {} };
    sink.hooks.onPush = async ({ activity, idempotencyKey }) => {
      life.pushed.push({ id: activity.id, idempotencyKey });
      return { kind: "pushed" };
    };
    const pushes = createPushes({
      ...shared,
      sinks: [mortal(sink.sink)],
      filter: mortal(filter),
      visibilityMs: 30_000,
    });
    const { core } = world.consumer;
    const consumer = createConsumer({
      ...shared,
      pushes,
      queue: mortal(world.queue.queue),
      table: mortal(world.table.table),
      drain: mortal(world.drain.drain),
      attempts: mortal(world.ledger.attempts),
      deaths: mortal(world.ledger.deaths),
      workerId: "w",
      config: core.config,
    });
    consumer.core.leaser.seen({ effectiveWcuPerSecond: effectiveRate(world.drain.row), version: 1 });
    consumer.start();
    await world.advance(dieAtStep === Number.POSITIVE_INFINITY ? 120_000 : 1_000);
    life.dead = true;
    // What this life pushed and nobody has marked is what its end leaves in the gap.
    for (const { id, idempotencyKey } of life.pushed) {
      if (rows.get(`fake#${idempotencyKey}`)?.state !== "done") gapKills.set(id, (gapKills.get(id) ?? 0) + 1);
    }
  }
  return { world, pushed: sink.pushed, gapKills, rows };
}

test("workers killed at any step: every activity is pushed, in order, and again only for a kill between its push and its mark", async () => {
  let repeated = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 0, maxLength: 3 }), async (dieAtSteps) => {
      const { world, pushed, gapKills, rows } = await drainWithKills(dieAtSteps);
      expect(world.queue.entries).toHaveLength(0);
      expect(Array.from(rows.values()).every(({ state }) => state === "done")).toBe(true);
      for (let user = 0; user < USERS; user += 1) {
        const ids = pushed.filter((one) => one.user === `u${user}`).map(({ id }) => id);
        expect(Array.from(new Set(ids))).toEqual(Array.from({ length: EACH }, (_, n) => `u${user}-${n}`));
        for (const id of new Set(ids)) {
          const times = ids.filter((one) => one === id).length;
          expect(times).toBeLessThanOrEqual(1 + (gapKills.get(id) ?? 0));
          repeated += times - 1;
        }
      }
    }),
    { numRuns: 25, seed: 7 },
  );
  expect(repeated).toBeGreaterThan(0); // the gap was met, or this has tried nothing
}, 60_000);
