import { type CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";

/** One period as CloudWatch saw it; null where it has no datapoint. */
export interface MetricPoint {
  /** Start of the period, epoch seconds. */
  t: number;
  visible: number | null;
  notVisible: number | null;
  sentPerSecond: number | null;
  deletedPerSecond: number | null;
  oldestAgeSeconds: number | null;
  consumedWriteUnitsPerSecond: number | null;
  provisionedWriteUnits: number | null;
  writeThrottles: number | null;
}

type Field = Exclude<keyof MetricPoint, "t">;

interface Metric {
  of: "queue" | "table";
  name: string;
  stat: "Sum" | "Average" | "Maximum";
  perSecond?: true;
}

const METRICS: Record<Field, Metric> = {
  visible: { of: "queue", name: "ApproximateNumberOfMessagesVisible", stat: "Average" },
  notVisible: { of: "queue", name: "ApproximateNumberOfMessagesNotVisible", stat: "Average" },
  sentPerSecond: { of: "queue", name: "NumberOfMessagesSent", stat: "Sum", perSecond: true },
  deletedPerSecond: { of: "queue", name: "NumberOfMessagesDeleted", stat: "Sum", perSecond: true },
  oldestAgeSeconds: { of: "queue", name: "ApproximateAgeOfOldestMessage", stat: "Maximum" },
  consumedWriteUnitsPerSecond: { of: "table", name: "ConsumedWriteCapacityUnits", stat: "Sum", perSecond: true },
  provisionedWriteUnits: { of: "table", name: "ProvisionedWriteCapacityUnits", stat: "Average" },
  writeThrottles: { of: "table", name: "WriteThrottleEvents", stat: "Sum" },
};
const FIELDS = Object.keys(METRICS) as Field[];

/** Most pages of one reading: 8 metrics of a day by the minute fit in one (100,800 datapoints a call). */
const MOST_PAGES = 5;

function emptyPoint(t: number): MetricPoint {
  return {
    t,
    visible: null,
    notVisible: null,
    sentPerSecond: null,
    deletedPerSecond: null,
    oldestAgeSeconds: null,
    consumedWriteUnitsPerSecond: null,
    provisionedWriteUnits: null,
    writeThrottles: null,
  };
}

export type QueueMetrics = ReturnType<typeof createQueueMetrics>;

/** History of the queue and its table from CloudWatch (AWS/SQS, AWS/DynamoDB), whose datapoints lag by minutes. */
export function createQueueMetrics({ client, queue, table }: { client: Pick<CloudWatchClient, "send">; queue: string; table: string }) {
  function queries(fields: readonly Field[], periodSeconds: number): MetricDataQuery[] {
    return fields.map((field) => {
      const { of, name, stat } = METRICS[field];
      return {
        Id: field,
        MetricStat: {
          Metric: {
            Namespace: of === "queue" ? "AWS/SQS" : "AWS/DynamoDB",
            MetricName: name,
            Dimensions: [of === "queue" ? { Name: "QueueName", Value: queue } : { Name: "TableName", Value: table }],
          },
          Period: periodSeconds,
          Stat: stat,
        },
        ReturnData: true,
      };
    });
  }

  /**
   * Periods from `from` to `to` that have at least one datapoint, oldest first.
   * @param periodSeconds a multiple of 60.
   * @throws the SDK's error.
   */
  async function history(
    { from, to, periodSeconds, fields = FIELDS }: { from: Date; to: Date; periodSeconds: number; fields?: readonly Field[] },
    signal?: AbortSignal,
  ): Promise<MetricPoint[]> {
    const points = new Map<number, MetricPoint>();
    let nextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await client.send(
        new GetMetricDataCommand({
          MetricDataQueries: queries(fields, periodSeconds),
          StartTime: from,
          EndTime: to,
          ScanBy: "TimestampAscending",
          ...(nextToken !== undefined && { NextToken: nextToken }),
        }),
        signal ? { abortSignal: signal } : {},
      );
      for (const { Id, Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
        const field = fields.find((name) => name === Id);
        if (field === undefined) continue;
        for (const [position, timestamp] of Timestamps.entries()) {
          const value = Values[position];
          if (value === undefined) continue;
          const t = Math.floor(timestamp.getTime() / 1000);
          const point = points.get(t) ?? emptyPoint(t);
          point[field] = METRICS[field].perSecond ? value / periodSeconds : value;
          points.set(t, point);
        }
      }
      nextToken = answer.NextToken;
      if (nextToken === undefined) break;
    }
    return [...points.values()].sort((a, b) => a.t - b.t);
  }

  return {
    history,

    /** The newest ApproximateAgeOfOldestMessage of the last minutes, or null where there is none. Poison messages are left out by AWS. */
    async oldestAge({ now }: { now: Date }, signal?: AbortSignal): Promise<{ seconds: number; at: Date } | null> {
      const from = new Date(now.getTime() - 10 * 60_000);
      const points = await history({ from, to: now, periodSeconds: 60, fields: ["oldestAgeSeconds"] }, signal);
      const ages = points.flatMap(({ t, oldestAgeSeconds }) => (oldestAgeSeconds === null ? [] : [{ seconds: oldestAgeSeconds, at: new Date(t * 1000) }]));
      return ages.at(-1) ?? null;
    },
  };
}
