import { describe, expect, test } from "vitest";
import { createCollector, type QueueStatistics, type TableSecond } from "./collector.ts";
import type { Datum } from "./metric.ts";

const MINUTE = 1_800_000_000;

function setUp({ atMs = MINUTE * 1000 + 20_000 } = {}) {
  const state = { nowMs: atMs, data: [] as Datum[], seconds: [] as TableSecond[], tablesFail: false };
  const queue: QueueStatistics = {
    name: "activities.fifo",
    visible: 3,
    notVisible: 2,
    delayed: 0,
    oldestAgeSeconds: 7,
    sent: 100,
    received: 50,
    deleted: 40,
    emptyReceives: 5,
  };
  const collector = createCollector({
    now: () => state.nowMs,
    record: (datum) => state.data.push(datum),
    queues: () => [{ ...queue }],
    tables: async () => {
      if (state.tablesFail) throw new Error("away");
      return [{ name: "activities", writeUnits: 200, readUnits: null }];
    },
    consumed: (_, since) => state.seconds.filter((row) => row.second >= since),
  });
  const found = (name: string) => state.data.filter((datum) => datum.name === name).map(({ second, statistics }) => [second, statistics.sum]);
  return { state, queue, collector, found };
}

const second = (at: number, counted: Partial<TableSecond>): TableSecond => ({
  second: at,
  writeUnits: 0,
  readUnits: 0,
  throttledWrites: 0,
  throttledReads: 0,
  writtenItems: 0,
  reads: 0,
  ...counted,
});

describe("collector", () => {
  test("puts nothing before the minute is over, and each minute once", async () => {
    const { state, collector } = setUp();
    await collector.collect();
    expect(state.data).toEqual([]);
    expect(collector.dueInMs()).toBe(41_000);
    state.nowMs = (MINUTE + 60) * 1000 + 1_000;
    await collector.collect();
    const put = state.data.length;
    expect(put).toBeGreaterThan(0);
    await collector.collect();
    expect(state.data).toHaveLength(put);
  });

  test("gives a queue's levels as they are and its counts as they grew, at the minute's start", async () => {
    const { state, queue, collector, found } = setUp();
    Object.assign(queue, { sent: 130, received: 55 });
    state.nowMs = (MINUTE + 60) * 1000;
    await collector.collect();
    expect(found("ApproximateNumberOfMessagesVisible")).toEqual([[MINUTE, 3]]);
    expect(found("ApproximateAgeOfOldestMessage")).toEqual([[MINUTE, 7]]);
    expect(found("NumberOfMessagesSent")).toEqual([[MINUTE, 30]]);
    expect(found("NumberOfMessagesReceived")).toEqual([[MINUTE, 5]]);
    expect(found("NumberOfMessagesDeleted")).toEqual([[MINUTE, 0]]);
    expect(state.data.find((datum) => datum.namespace === "AWS/SQS")?.dimensions).toEqual({ QueueName: "activities.fifo" });
  });

  test("takes a count that fell for one that began anew", async () => {
    const { state, queue, collector, found } = setUp();
    queue.sent = 4;
    state.nowMs = (MINUTE + 60) * 1000;
    await collector.collect();
    expect(found("NumberOfMessagesSent")).toEqual([[MINUTE, 4]]);
  });

  test("sums a table's seconds by the minute they lie in; a minute without a throttle has no datum of it", async () => {
    const { state, collector, found } = setUp();
    state.seconds = [
      second(MINUTE + 3, { writeUnits: 20, writtenItems: 10, throttledWrites: 4 }),
      second(MINUTE + 59, { writeUnits: 5, writtenItems: 5 }),
      second(MINUTE + 60, { writeUnits: 7, writtenItems: 7 }),
      second(MINUTE + 120, { writeUnits: 100, writtenItems: 100 }),
    ];
    state.nowMs = (MINUTE + 120) * 1000 + 1_000;
    await collector.collect();
    expect(found("ConsumedWriteCapacityUnits")).toEqual([
      [MINUTE, 25],
      [MINUTE + 60, 7],
    ]);
    expect(found("ProvisionedWriteCapacityUnits")).toEqual([
      [MINUTE, 200],
      [MINUTE + 60, 200],
    ]);
    expect(found("ProvisionedReadCapacityUnits")).toEqual([]);
    expect(found("WriteThrottleEvents")).toEqual([[MINUTE, 4]]);
    expect(state.data.find((datum) => datum.name === "ConsumedWriteCapacityUnits")?.statistics).toMatchObject({ count: 15 });
  });

  test("makes up for a minute in which a source failed", async () => {
    const { state, collector, found } = setUp();
    state.seconds = [second(MINUTE + 30, { writeUnits: 9, writtenItems: 9 })];
    state.tablesFail = true;
    state.nowMs = (MINUTE + 60) * 1000;
    await expect(collector.collect()).rejects.toThrow("away");
    state.tablesFail = false;
    state.nowMs += 60_000;
    await collector.collect();
    expect(found("ConsumedWriteCapacityUnits")[0]).toEqual([MINUTE, 9]);
  });
});
