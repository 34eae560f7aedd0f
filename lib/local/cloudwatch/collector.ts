import { type Datum, repeated, type Statistics } from "./metric.ts";

const MINUTE_MS = 60_000;
/** The front keeps two hours of seconds. */
const CATCH_UP_MINUTES = 120;
/** A request is counted in the second it was admitted, once it is answered: so a minute is read a little late. */
const SETTLE_MS = 1_000;

/** What SQS publishes of a queue. The four counts only ever grow (but for a restart, which begins at 0 again). */
export interface QueueStatistics {
  name: string;
  visible: number;
  notVisible: number;
  delayed: number;
  /** Null when the queue is empty. */
  oldestAgeSeconds: number | null;
  sent: number;
  received: number;
  deleted: number;
  emptyReceives: number;
}

/** Provisioned units per second, null on demand. */
export interface TableStatistics {
  name: string;
  writeUnits: number | null;
  readUnits: number | null;
}

/** One second of a table's traffic. */
export interface TableSecond {
  /** Epoch seconds. */
  second: number;
  writeUnits: number;
  readUnits: number;
  throttledWrites: number;
  throttledReads: number;
  writtenItems: number;
  reads: number;
}

export interface CollectorSources {
  record: (datum: Datum) => void;
  queues: () => readonly QueueStatistics[];
  tables: () => Promise<readonly TableStatistics[]>;
  consumed: (table: string, sinceSecond: number) => readonly TableSecond[];
  /** Epoch milliseconds. */
  now: () => number;
}

const GROWING = [
  ["NumberOfMessagesSent", "sent"],
  ["NumberOfMessagesReceived", "received"],
  ["NumberOfMessagesDeleted", "deleted"],
  ["NumberOfEmptyReceives", "emptyReceives"],
] as const;

type SecondField = Exclude<keyof TableSecond, "second">;

/** Sum over a minute's seconds; as many samples as there were items or requests. */
function minuteOf(seconds: readonly TableSecond[], sum: SecondField, samples: SecondField): Statistics {
  const total = (field: SecondField) => seconds.reduce((all, second) => all + second[field], 0);
  const count = Math.max(1, total(samples));
  const mean = total(sum) / count;
  return { count, sum: total(sum), minimum: mean, maximum: mean };
}

/**
 * Puts the metrics that AWS puts by itself: AWS/SQS for each queue and AWS/DynamoDB for each table, by the minute.
 * A minute's datum bears the minute's start. Minutes that were missed (a sleeping machine) are made up for, where
 * it is known what happened in them.
 */
export function createCollector({ record, queues, tables, consumed, now }: CollectorSources) {
  const floor = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  /** Minutes before this one are done. */
  let nextMs = floor(now());
  let before = new Map(queues().map((queue) => [queue.name, queue]));

  function putQueues(second: number): void {
    const current = queues();
    for (const queue of current) {
      const put = (name: string, value: number, unit = "Count") =>
        record({ namespace: "AWS/SQS", name, dimensions: { QueueName: queue.name }, unit, second, resolutionSeconds: 60, statistics: repeated(value) });
      put("ApproximateNumberOfMessagesVisible", queue.visible);
      put("ApproximateNumberOfMessagesNotVisible", queue.notVisible);
      put("ApproximateNumberOfMessagesDelayed", queue.delayed);
      put("ApproximateAgeOfOldestMessage", queue.oldestAgeSeconds ?? 0, "Seconds");
      const earlier = before.get(queue.name);
      for (const [name, field] of GROWING) {
        const past = earlier?.[field] ?? 0;
        put(name, queue[field] >= past ? queue[field] - past : queue[field]);
      }
    }
    before = new Map(current.map((queue) => [queue.name, queue]));
  }

  function putTable(table: TableStatistics, second: number): void {
    const seconds = consumed(table.name, second).filter((row) => row.second < second + 60);
    const put = (name: string, statistics: Statistics) =>
      record({ namespace: "AWS/DynamoDB", name, dimensions: { TableName: table.name }, unit: "Count", second, resolutionSeconds: 60, statistics });
    put("ConsumedWriteCapacityUnits", minuteOf(seconds, "writeUnits", "writtenItems"));
    put("ConsumedReadCapacityUnits", minuteOf(seconds, "readUnits", "reads"));
    if (table.writeUnits !== null) put("ProvisionedWriteCapacityUnits", repeated(table.writeUnits));
    if (table.readUnits !== null) put("ProvisionedReadCapacityUnits", repeated(table.readUnits));
    // As in AWS, a minute without a throttle has no datum.
    const throttledWrites = minuteOf(seconds, "throttledWrites", "throttledWrites");
    const throttledReads = minuteOf(seconds, "throttledReads", "throttledReads");
    if (throttledWrites.sum > 0) put("WriteThrottleEvents", throttledWrites);
    if (throttledReads.sum > 0) put("ReadThrottleEvents", throttledReads);
  }

  return {
    /** Milliseconds until the minute at hand is over and settled. */
    dueInMs: () => Math.max(0, nextMs + MINUTE_MS + SETTLE_MS - now()),

    /** Puts every minute that is over and not yet put. */
    async collect(): Promise<void> {
      const endMs = floor(now());
      if (endMs <= nextMs) return;
      const fromMs = Math.max(nextMs, endMs - CATCH_UP_MINUTES * MINUTE_MS);
      const known = await tables();
      nextMs = endMs;
      for (let minuteMs = fromMs; minuteMs < endMs; minuteMs += MINUTE_MS) {
        for (const table of known) putTable(table, minuteMs / 1000);
      }
      putQueues(endMs / 1000 - 60);
    },
  };
}


/** Calls the collector at the end of each minute. The timer keeps no process alive. */
export function startCollector(sources: CollectorSources): { close(): Promise<void> } {
  const collector = createCollector(sources);
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(tick, collector.dueInMs());
  timer.unref();

  function tick(): void {
    running = (async () => {
      try {
        await collector.collect();
      } catch {
        // The minute was not put; the next tick makes up for it.
      }
      if (closed) return;
      timer = setTimeout(tick, Math.max(SETTLE_MS, collector.dueInMs()));
      timer.unref();
    })();
  }

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
