import type { Drain } from "#lib/contracts/drain.ts";
import type { Figure } from "#lib/contracts/figure.ts";
import type { Overview, OverviewWorker, SeriesPoint } from "#lib/contracts/overview.ts";

/** The instant that the made-up overviews are of. */
export const AT = "2026-01-31T12:00:00.000Z";

/** A live figure of that instant. */
export function ok<T>(value: T, source = "SQS"): Figure<T> {
  return { state: "ok", value, source, asOf: AT };
}

/** A figure whose source has failed since. */
export function stale<T>(value: T, source = "SQS"): Figure<T> {
  return { state: "stale", value, source, asOf: "2026-01-31T11:59:20.000Z", error: "connection refused" };
}

/** A figure that was never read. */
export function failed(source = "SQS"): Figure<never> {
  return { state: "error", source, error: "connection refused" };
}

export function drain(change: Partial<Drain> = {}): Drain {
  return {
    queue: "activities.fifo",
    rateWcuPerSecond: 150,
    askedWcuPerSecond: 150,
    effectiveWcuPerSecond: 150,
    capacityShare: 0.9,
    provisionedWcu: 200,
    ceilingWcu: null,
    factor: 1,
    mode: "manual",
    modeBeforePause: null,
    computedWcuPerSecond: null,
    computedAt: null,
    goal: null,
    override: null,
    version: 7,
    versionAt: "2026-01-31T11:55:00.000Z",
    changedBy: "ada",
    reason: null,
    changedAt: "2026-01-31T11:55:00.000Z",
    ...change,
  };
}

export function worker(change: Partial<OverviewWorker> = {}): OverviewWorker {
  return {
    id: "host-1-0001",
    host: "host",
    pid: 1,
    version: "0.1.0",
    state: "running",
    alive: true,
    startedAt: "2026-01-31T11:00:00.000Z",
    lastSeenAt: AT,
    acknowledged: { rateWcuPerSecond: 150, version: 7, at: "2026-01-31T11:55:00.400Z" },
    storedPerSecond: 148,
    writeUnitsPerSecond: 150,
    failedPerSecond: 0,
    lastError: null,
    ...change,
  };
}

/** A series of whole seconds ending before `AT`, made by `value` of the second's index. */
export function seconds(length: number, value: (index: number) => Partial<SeriesPoint>): SeriesPoint[] {
  const end = Date.parse(AT) / 1000;
  return Array.from({ length }, (_, index) =>
    Object.assign({ t: end - length + index, waiting: null, arrivalPerSecond: null, drainPerSecond: null, writeUnitsPerSecond: null, throttles: null }, value(index)),
  );
}

/** An overview of a queue that drains. */
export function overview({ figures = {}, ...change }: Partial<Omit<Overview, "figures">> & { figures?: Partial<Overview["figures"]> } = {}): Overview {
  return {
    queue: "activities.fifo",
    deadLetterQueue: "activities-dlq.fifo",
    table: "activities",
    at: AT,
    figures: {
      waiting: ok(41_200),
      inFlight: ok(300),
      oldestAgeSeconds: ok(252, "worker samples"),
      deadLetters: ok(3),
      arrivalPerSecond: ok(20, "public API samples"),
      drain: ok({ activitiesPerSecond: 148, writeUnitsPerSecond: 182 }, "worker samples"),
      provisionedWriteUnits: ok<number | null>(200, "DescribeTable"),
      throttlesLastMinute: ok(0, "worker samples"),
      timeToDrain: ok({ state: "draining", seconds: 324, clearsAt: "2026-01-31T12:05:24.000Z" }, "SQS and samples"),
      ...figures,
    },
    dial: ok(drain(), "drain row"),
    writeUnitsPerActivity: 1,
    workers: ok([worker()], "worker registry"),
    live: seconds(60, (index) => ({ waiting: 41_800 - index * 10, arrivalPerSecond: 20, drainPerSecond: 148 })),
    publicApiUrl: "http://127.0.0.1:3001",
    ...change,
  };
}
