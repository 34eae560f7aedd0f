import { expect, test } from "vitest";
import type { Drain } from "#lib/contracts/drain.ts";
import { effectiveRate } from "#lib/domain/drain-rate.ts";
import { createReporter } from "./report.ts";
import { createWorld } from "./testing/world.ts";

function withReporter() {
  const world = createWorld();
  const drain = {
    async read(): Promise<Drain> {
      if (world.drain.state.away) throw new Error("no connection to Postgres");
      const effectiveWcuPerSecond = effectiveRate(world.drain.row);
      const facts = { queue: "q", changedBy: "system", reason: null, changedAt: "2026-01-01T00:00:00.000Z", override: null };
      return Object.assign({ effectiveWcuPerSecond }, facts, world.drain.row) as Drain;
    },
    async setProvisioned() {},
  };
  const reporter = createReporter({
    core: world.consumer.core,
    drain,
    registry: { heartbeat: async () => ({ liveWorkers: 1 }), addSamples: async () => {} },
    userProgress: { reportPassed: async () => {} },
    describeTable: async () => ({ writeUnits: null }),
    metrics: { put: async () => {} },
    identity: { id: "w", host: "h", pid: 1, version: "0", startedAt: new Date(world.clock.now()) },
  });
  return { ...world, reporter };
}

test("whoever waits for the rate is woken when it comes back by time alone, though no dial has moved", async () => {
  const { advance, consumer, reporter } = withReporter();
  const { leaser, onChange } = consumer.core;
  await reporter.readRate();
  const dial = leaser.rate().effectiveWcuPerSecond;
  // Away and back: for a while the worker keeps to its own share, which is nothing.
  leaser.unreachable(new Error("no connection to Postgres"));
  await reporter.readRate();
  expect(leaser.rate().effectiveWcuPerSecond).toBeLessThan(dial);
  await advance(60_000);
  expect(leaser.rate().effectiveWcuPerSecond).toBe(dial);
  let woken = 0;
  onChange.add(() => (woken += 1));
  await reporter.readRate();
  expect(woken).toBe(1);
});
