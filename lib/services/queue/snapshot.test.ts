import { describe, expect, it, vi } from "vitest";
import { overviewSchema } from "#lib/contracts/overview.ts";
import { drain } from "#lib/view/testing/overview.ts";
import type { QueueAttributes } from "#lib/gateways/sqs-queue.ts";
import { overviewSnapshot } from "./snapshot.ts";
import { type Backends, createSources } from "./sources.ts";

const START = Date.parse("2026-01-31T12:00:00.000Z");
const names = { queue: "q.fifo", deadLetterQueue: "d.fifo", table: "t", publicApiUrl: "http://127.0.0.1:3001" };

function attributes(change: Partial<QueueAttributes> = {}): QueueAttributes {
  return { visible: 900, inFlight: 100, delayed: 0, createdAt: null, retentionSeconds: null, visibilityTimeoutSeconds: null, ...change };
}

const counts = { received: 0, failed: 0, dead: 0, throttles: 0 };

/** A queue of 1,000 that stores 100 and takes 50 a second. */
function setUp(change: Partial<Backends> = {}) {
  const clock = { ms: START };
  const secondsBack = (length: number) => Array.from({ length }, (_, index) => new Date(clock.ms - (length - index) * 1000));
  const backends: Backends = {
    queue: { attributes: vi.fn(() => Promise.resolve(attributes())) },
    deadLetterQueue: { attributes: () => Promise.resolve(attributes({ visible: 2, inFlight: 1 })) },
    table: { describe: () => Promise.resolve({ writeUnits: 200, ceiling: { writeUnits: 200, measured: true }, readUnits: 200, itemCount: 0 }) },
    drain: { read: () => Promise.resolve(drain({ rateWcuPerSecond: 200, effectiveWcuPerSecond: 200 })) },
    ingest: { perSecond: () => Promise.resolve(secondsBack(60).map((second) => ({ second, accepted: 50 }))) },
    registry: {
      list: () =>
        Promise.resolve([
          { id: "w1", host: "h", pid: 1, version: "0", state: "running", startedAt: new Date(clock.ms - 60_000), lastSeenAt: new Date(clock.ms - 500), acknowledged: null, lastError: null },
        ]),
      samples: () =>
        Promise.resolve({
          perSecond: secondsBack(60).map((second) => Object.assign({ second, stored: 100, writeUnits: 200, workers: 1, oldestSentAt: new Date(second.getTime() - 9_000) }, counts)),
          perWorker: [{ ...counts, workerId: "w1", seconds: 10, stored: 1_000, writeUnits: 2_000 }],
        }),
    },
    metrics: { oldestAge: vi.fn(() => Promise.resolve(null)) },
    now: () => clock.ms,
    ...change,
  };
  const sources = createSources(backends);
  return { backends, clock, snapshot: () => overviewSnapshot({ sources, names, now: () => clock.ms }) };
}

const down = () => Promise.reject(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));

describe("overviewSnapshot", () => {
  it("puts the figures together and keeps its contract", async () => {
    const overview = overviewSchema.parse(await setUp().snapshot());
    expect(overview.figures).toMatchObject({
      waiting: { state: "ok", value: 900, source: "SQS" },
      inFlight: { value: 100 },
      deadLetters: { value: 3 },
      arrivalPerSecond: { value: 50 },
      drain: { value: { activitiesPerSecond: 100, writeUnitsPerSecond: 200 } },
      provisionedWriteUnits: { value: 200 },
      timeToDrain: { value: { state: "draining", seconds: 20 } },
      oldestAgeSeconds: { value: 11, source: "worker samples" },
    });
    expect(overview.writeUnitsPerActivity).toBe(2);
    expect(overview.workers).toMatchObject({ value: [{ id: "w1", alive: true, storedPerSecond: 100 }] });
  });

  it("reads the queue once for many viewers", async () => {
    const { backends, snapshot } = setUp();
    await Promise.all(Array.from({ length: 10 }, snapshot));
    expect(backends.queue.attributes).toHaveBeenCalledTimes(1);
  });

  it("shows the rest when one source is away", async () => {
    const overview = await setUp({ queue: { attributes: down } }).snapshot();
    expect(overview.figures.waiting).toEqual({ state: "error", source: "SQS", error: "connection refused" });
    expect(overview.figures.timeToDrain.state).toBe("error");
    expect(overview.figures.drain.state).toBe("ok");
  });

  it("does not call an unknown rate zero when Postgres is away", async () => {
    const overview = await setUp({ drain: { read: down } }).snapshot();
    expect(overview.figures.arrivalPerSecond.state).toBe("error");
    expect(overview.dial.state).toBe("error");
    expect(overview.figures.timeToDrain).toMatchObject({ value: { state: "unknown" } });
    expect(overview.live.every(({ arrivalPerSecond }) => arrivalPerSecond === null)).toBe(true);
  });

  it("does not call arrivals zero when no public API has reported any second", async () => {
    const overview = await setUp({ ingest: { perSecond: () => Promise.resolve([]) } }).snapshot();
    expect(overview.figures.arrivalPerSecond).toEqual({ state: "error", source: "public API samples", error: "no public API has reported lately" });
    expect(overview.figures.timeToDrain).toMatchObject({ value: { state: "unknown" } });
    expect(overview.live.some(({ arrivalPerSecond }) => arrivalPerSecond !== null)).toBe(false);
  });

  it("is as fresh as its oldest source", async () => {
    const read = vi.fn(() => Promise.resolve(drain()));
    const { clock, snapshot } = setUp({ drain: { read } });
    await snapshot();
    read.mockImplementation(down);
    clock.ms += 10_000;
    const { figures } = await snapshot();
    expect(figures.waiting.state).toBe("ok");
    expect(figures.drain).toMatchObject({ state: "stale", asOf: new Date(START).toISOString() });
    expect(figures.timeToDrain).toMatchObject({ state: "stale", asOf: new Date(START).toISOString() });
  });

  it("stops at once when no worker is alive", async () => {
    const list: Backends["registry"]["list"] = () => Promise.resolve([]);
    const { registry } = setUp().backends;
    const { figures } = await setUp({ registry: { ...registry, list } }).snapshot();
    expect(figures.drain).toMatchObject({ value: { activitiesPerSecond: 0 } });
    expect(figures.timeToDrain).toMatchObject({ value: { state: "stalled" } });
  });

  it("has no oldest age for an empty queue", async () => {
    const { figures } = await setUp({ queue: { attributes: () => Promise.resolve(attributes({ visible: 0, inFlight: 0 })) } }).snapshot();
    expect(figures.oldestAgeSeconds).toMatchObject({ state: "ok", value: null });
    expect(figures.timeToDrain).toMatchObject({ value: { state: "empty" } });
  });

  it("asks CloudWatch for the age when workers receive nothing, and dates it by the datapoint", async () => {
    const at = new Date(START - 90_000);
    const samples: Backends["registry"]["samples"] = () => Promise.resolve({ perSecond: [], perWorker: [] });
    const { registry } = setUp().backends;
    const { figures } = await setUp({ registry: { ...registry, samples }, metrics: { oldestAge: () => Promise.resolve({ seconds: 300, at }) } }).snapshot();
    expect(figures.oldestAgeSeconds).toMatchObject({ state: "stale", value: 300, source: "CloudWatch", asOf: at.toISOString() });
  });

  it("goes on reading the depth between viewers, once somebody has looked", async () => {
    vi.useFakeTimers({ now: START });
    try {
      const { backends, clock, snapshot } = setUp();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(backends.queue.attributes).not.toHaveBeenCalled();
      await snapshot();
      for (let steps = 0; steps < 4; steps += 1) {
        clock.ms += 5_000;
        await vi.advanceTimersByTimeAsync(5_000);
      }
      expect(backends.queue.attributes).toHaveBeenCalledTimes(5);
      const seen = (await snapshot()).live.filter(({ waiting }) => waiting !== null).map(({ t }) => t - START / 1000);
      expect(seen).toEqual([0, 5, 10, 15, 20]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("does not take CloudWatch's zero of a minute ago for the age of what waits now", async () => {
    const quiet = { list: () => Promise.resolve([]), samples: () => Promise.resolve({ perSecond: [], perWorker: [] }) };
    const { snapshot } = setUp({ registry: quiet, metrics: { oldestAge: () => Promise.resolve({ seconds: 0, at: new Date(START - 60_000) }) } });
    expect((await snapshot()).figures.oldestAgeSeconds).toMatchObject({ state: "error", source: "CloudWatch" });
  });

  it("keeps what Postgres last said when it goes away, and makes no zeros of it", async () => {
    let away = false;
    const given = setUp().backends.registry;
    const { clock, snapshot } = setUp({ registry: { list: given.list, samples: (range) => (away ? Promise.reject(new Error("timeout exceeded when trying to connect")) : given.samples(range)) } });
    await snapshot();
    away = true;
    clock.ms += 40_000;
    const { figures, workers } = await snapshot();
    expect(figures.drain).toMatchObject({ state: "stale", value: { activitiesPerSecond: 100 }, error: "no answer in time" });
    expect(figures.arrivalPerSecond).toMatchObject({ state: "stale", value: 50 });
    expect(workers).toMatchObject({ state: "stale", value: [{ alive: true }] });
    expect(figures.waiting).toMatchObject({ state: "ok" });
  });
});
