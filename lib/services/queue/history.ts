import type { DrainHistoryEntry } from "#lib/contracts/drain.ts";
import type { HistoryRange, OverviewHistory, SeriesPoint } from "#lib/contracts/overview.ts";
import type { MetricPoint, QueueMetrics } from "#lib/gateways/queue-metrics.ts";
import { createPoller, pick, type Poller } from "./poller.ts";

/** Length of a range and of its periods, seconds. */
const RANGES: Record<HistoryRange, { seconds: number; periodSeconds: number }> = {
  "5m": { seconds: 5 * 60, periodSeconds: 60 },
  "15m": { seconds: 15 * 60, periodSeconds: 60 },
  "1h": { seconds: 3_600, periodSeconds: 60 },
  "3h": { seconds: 3 * 3_600, periodSeconds: 60 },
  "24h": { seconds: 24 * 3_600, periodSeconds: 300 },
};

export interface HistoryBackends {
  metrics: Pick<QueueMetrics, "history">;
  drain: { history(range: { from: Date; to: Date }): Promise<DrainHistoryEntry[]> };
  now: () => number;
  /** See the poller's. */
  onChange?: (source: string, error: unknown) => void;
}

/** Pollers of one range: CloudWatch costs money per metric, so a range is read at most every 30 s for all viewers. */
interface RangePollers {
  metrics: Poller<MetricPoint[]>;
  changes: Poller<DrainHistoryEntry[]>;
}

function toSeries({ t, visible, sentPerSecond, deletedPerSecond, consumedWriteUnitsPerSecond, writeThrottles }: MetricPoint): SeriesPoint {
  return {
    t,
    waiting: visible,
    arrivalPerSecond: sentPerSecond,
    drainPerSecond: deletedPerSecond,
    writeUnitsPerSecond: consumedWriteUnitsPerSecond,
    throttles: writeThrottles,
  };
}

export interface QueueHistory {
  /** The range up to now. Never throws; a source that is away shows as such. */
  read(range: HistoryRange): Promise<OverviewHistory>;
  /** The dial was changed: the next read has it. */
  expireChanges(): void;
}

/** History of depth and rates from CloudWatch, with the changes of the dial. */
export function createQueueHistory({ metrics, drain, now, onChange }: HistoryBackends): QueueHistory {
  const limits = { maxStaleMs: 10 * 60_000, waitMs: 2_500, timeoutMs: 8_000, now, onChange };

  function pollers({ seconds, periodSeconds }: { seconds: number; periodSeconds: number }): RangePollers {
    const span = () => {
      const periodMs = periodSeconds * 1000;
      const to = Math.ceil(now() / periodMs) * periodMs;
      return { from: new Date(to - seconds * 1000 - periodMs), to: new Date(to) };
    };
    return {
      metrics: createPoller({ ...limits, ttlMs: 30_000, liveMs: 90_000, source: "CloudWatch", read: (signal) => metrics.history({ ...span(), periodSeconds }, signal) }),
      changes: createPoller({ ...limits, ttlMs: 2_000, liveMs: 60_000, source: "Postgres", read: () => drain.history(span()) }),
    };
  }
  const known = new Map<HistoryRange, RangePollers>();

  return {
    async read(range) {
      const of = known.get(range) ?? pollers(RANGES[range]);
      known.set(range, of);
      const [points, changes] = await Promise.all([of.metrics.get(), of.changes.get()]);
      return { range, periodSeconds: RANGES[range].periodSeconds, metrics: pick(points, (all) => all.map(toSeries)), changes };
    },
    expireChanges() {
      for (const { changes } of known.values()) changes.expire();
    },
  };
}
