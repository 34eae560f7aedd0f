import { afterEach, describe, expect, test } from "vitest";
import { ConfigError } from "#lib/config/parse-env.ts";
import { createMetrics } from "./metrics.ts";
import type { ReceiveProgress } from "./receive.ts";
import { createWorld } from "./testing/world.ts";
import { startVitals, type Vitals } from "./vitals.ts";

const open: Vitals[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((vitals) => vitals.close()));
});

async function start({ host = "127.0.0.1" } = {}) {
  const world = createWorld();
  const progress: ReceiveProgress = { room: 10, calls: 1, failingSinceMs: null };
  let wedged = 0;
  const vitals = await startVitals({
    config: { host, port: 0, blockedSeconds: 0 },
    consumer: { core: world.consumer.core, receiving: () => progress },
    metrics: createMetrics({ worker: "w", version: "1", queue: "q.fifo", startedAtMs: 0 }),
    worker: "w",
    visibilitySeconds: 30,
    clock: world.clock,
    emit: (event) => world.events.push(event),
    onWedged: () => (wedged += 1),
  });
  open.push(vitals);
  const get = async (path: string) => {
    const answer = await fetch(`${vitals.url}${path}`);
    return [answer.status, await answer.json()];
  };
  return { world, progress, vitals, get, wedged: () => wedged };
}

describe("the worker's vitals", () => {
  test("it is healthy while it starts, but ready only once it receives, and no more when it stops", async () => {
    const { get, vitals } = await start();
    expect(await get("/healthz")).toMatchObject([200, { ok: true }]);
    expect(await get("/readyz")).toMatchObject([503, { checks: { state: { ok: false, seen: "the drain row has not been read yet" } } }]);
    vitals.running();
    expect(await get("/readyz")).toMatchObject([200, { ok: true }]);
    vitals.stopping();
    expect(await get("/readyz")).toMatchObject([503, { checks: { state: { seen: "stopping" } } }]);
    expect(await get("/healthz")).toMatchObject([200, { ok: true }]);
  });

  test("an unreachable queue makes it unready, not unhealthy", async () => {
    const { get, vitals, world, progress } = await start();
    vitals.running();
    progress.failingSinceMs = world.clock.monotonic();
    await world.advance(20_000);
    expect(await get("/readyz")).toMatchObject([503, { checks: { queue: { ok: false } } }]);
    expect(await get("/healthz")).toMatchObject([200, {}]);
  });

  test("receive loops that have stopped in silence make it unhealthy, and then end it", async () => {
    const { get, vitals, world, progress, wedged } = await start();
    vitals.running();
    progress.calls = 0;
    await world.advance(15_000);
    expect(await get("/healthz")).toMatchObject([503, { checks: { receiving: { ok: false } } }]);
    expect(wedged()).toBe(0);
    await world.advance(20_000);
    expect(wedged()).toBe(1);
    expect(world.of("receiving_wedged")).toHaveLength(1);
  });

  test("an address that is not this machine's is a fault of the configuration", async () => {
    await expect(start({ host: "192.0.2.1" })).rejects.toThrow(ConfigError);
  });
});
