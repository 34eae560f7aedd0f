import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awsClientOptions } from "#lib/config/aws.ts";
import { startCloudWatch } from "#lib/local/cloudwatch/server.ts";
import { createQueueMetrics } from "./queue-metrics.ts";

const MINUTE = 60_000;
const START = Math.floor((Date.now() - 20 * MINUTE) / (5 * MINUTE)) * 5 * MINUTE;

let server: Awaited<ReturnType<typeof startCloudWatch>>;
let metrics: ReturnType<typeof createQueueMetrics>;
let client: CloudWatchClient;

function record(minute: number, name: string, value: number, count = 1) {
  const isTable = name.includes("Write");
  server.record({
    namespace: isTable ? "AWS/DynamoDB" : "AWS/SQS",
    name,
    dimensions: isTable ? { TableName: "activities" } : { QueueName: "activities.fifo" },
    unit: "None",
    second: START / 1000 + minute * 60,
    resolutionSeconds: 60,
    statistics: { count, sum: value * count, minimum: value, maximum: value },
  });
}

beforeAll(async () => {
  server = await startCloudWatch({ port: 0 });
  client = new CloudWatchClient({
    ...awsClientOptions({ region: "us-east-1", requestTimeoutMs: 3_000, maxAttempts: 1 }),
    endpoint: server.url,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  metrics = createQueueMetrics({ client, queue: "activities.fifo", table: "activities" });
  for (let minute = 0; minute < 10; minute += 1) {
    record(minute, "ApproximateNumberOfMessagesVisible", 100 + minute);
    record(minute, "NumberOfMessagesSent", 600);
    record(minute, "ConsumedWriteCapacityUnits", 1, 9_000);
    if (minute < 8) record(minute, "ApproximateAgeOfOldestMessage", 10 * minute);
  }
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const range = { from: new Date(START), to: new Date(START + 10 * MINUTE) };

describe("queue metrics", () => {
  it("reads every minute, sums as rates, and leaves what was not measured null", async () => {
    const points = await metrics.history({ ...range, periodSeconds: 60 });
    expect(points).toHaveLength(10);
    expect(points[3]).toEqual({
      t: START / 1000 + 180,
      visible: 103,
      notVisible: null,
      sentPerSecond: 10,
      deletedPerSecond: null,
      oldestAgeSeconds: 30,
      consumedWriteUnitsPerSecond: 150,
      provisionedWriteUnits: null,
      writeThrottles: null,
    });
  });

  it("averages over longer periods", async () => {
    const points = await metrics.history({ ...range, periodSeconds: 300 });
    expect(points.map(({ visible, sentPerSecond }) => [visible, sentPerSecond])).toEqual([
      [102, 10],
      [107, 10],
    ]);
  });

  it("gives the newest age with its own time", async () => {
    const now = new Date(START + 12 * MINUTE);
    expect(await metrics.oldestAge({ now })).toEqual({ seconds: 70, at: new Date(START + 7 * MINUTE) });
    expect(await metrics.oldestAge({ now: new Date(START - 60 * MINUTE) })).toBeNull();
  });

  it("fails in time when its signal says so", async () => {
    await expect(metrics.history({ ...range, periodSeconds: 60 }, AbortSignal.abort())).rejects.toThrow();
  });
});
