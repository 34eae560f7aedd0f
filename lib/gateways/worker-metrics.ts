import { type CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";

/** Our own namespace in CloudWatch. */
const NAMESPACE = "Spillway";

/** What one worker did in one minute. */
export interface WorkerMetrics {
  at: Date;
  storedActivities: number;
  writeUnits: number;
  failures: number;
  deadLetters: number;
  throttles: number;
}

export type WorkerMetricsSink = ReturnType<typeof createWorkerMetrics>;

/** Puts the workers' own metrics; the workers' values add up under the Sum statistic. */
export function createWorkerMetrics({ client, queue }: { client: Pick<CloudWatchClient, "send">; queue: string }) {
  return {
    /** @throws the SDK's error when CloudWatch did not take them. */
    async put(metrics: WorkerMetrics, signal?: AbortSignal): Promise<void> {
      const values: [string, number][] = [
        ["StoredActivities", metrics.storedActivities],
        ["WriteUnits", metrics.writeUnits],
        ["Failures", metrics.failures],
        ["DeadLetters", metrics.deadLetters],
        ["Throttles", metrics.throttles],
      ];
      await client.send(
        new PutMetricDataCommand({
          Namespace: NAMESPACE,
          MetricData: values.map(([MetricName, Value]) => ({
            MetricName,
            Value,
            Unit: "Count",
            Timestamp: metrics.at,
            Dimensions: [{ Name: "QueueName", Value: queue }],
          })),
        }),
        signal ? { abortSignal: signal } : {},
      );
    },
  };
}
