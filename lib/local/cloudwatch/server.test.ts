import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  paginateGetMetricData,
  paginateListMetrics,
  PutMetricDataCommand,
  type PutMetricDataCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { afterEach, describe, expect, test } from "vitest";
import { repeated } from "./metric.ts";
import { type CloudWatchOptions, startCloudWatch } from "./server.ts";

const NOW = 1_800_000_030;
const MINUTE = 1_800_000_000;
const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "cloudwatch-"));
  releases.push(() => rm(directory, { recursive: true }));
  return directory;
}

async function start(options: Partial<CloudWatchOptions> = {}) {
  const clock = { ms: NOW * 1000 };
  const server = await startCloudWatch({ port: 0, now: () => clock.ms, ...options });
  const client = new CloudWatchClient({
    endpoint: server.url,
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  releases.push(async () => {
    client.destroy();
    await server.close();
  });
  const put = (MetricData: PutMetricDataCommandInput["MetricData"]) => client.send(new PutMetricDataCommand({ Namespace: "Spillway", MetricData }));
  const get = async (Stat: string, { period = 60, ...more }: Partial<GetMetricDataCommandInput> & { period?: number } = {}) => {
    const answer = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date((MINUTE - 3_600) * 1000),
        EndTime: new Date((MINUTE + 3_600) * 1000),
        ScanBy: "TimestampAscending",
        MetricDataQueries: [
          { Id: "q1", MetricStat: { Metric: { Namespace: "Spillway", MetricName: "Stored" }, Period: period, Stat } },
        ],
        ...more,
      }),
    );
    const result = answer.MetricDataResults?.[0];
    return { answer, points: (result?.Timestamps ?? []).map((at, index) => [at.getTime() / 1000 - MINUTE, result?.Values?.[index]]) };
  };
  return { server, client, clock, put, get };
}

const at = (second: number) => new Date((MINUTE + second) * 1000);

describe("PutMetricData and GetMetricData", () => {
  test("values of a minute are one point, with every statistic", async () => {
    const { put, get } = await start();
    await put([
      { MetricName: "Stored", Value: 4, Timestamp: at(-50), Unit: "Count" },
      { MetricName: "Stored", Value: 8, Timestamp: at(-10), Unit: "Count" },
      { MetricName: "Stored", Values: [1, 3], Counts: [3, 1], Timestamp: at(0) },
      { MetricName: "Stored", StatisticValues: { SampleCount: 10, Sum: 50, Minimum: 2, Maximum: 9 } },
    ]);
    expect((await get("Sum")).points).toEqual([[-60, 12], [0, 56]]);
    expect((await get("SampleCount")).points).toEqual([[-60, 2], [0, 14]]);
    expect((await get("Average")).points).toEqual([[-60, 6], [0, 4]]);
    expect((await get("Minimum")).points).toEqual([[-60, 4], [0, 1]]);
    expect((await get("Maximum")).points).toEqual([[-60, 8], [0, 9]]);
    expect((await get("Sum", { period: 3600 })).points).toEqual([[-3600, 12], [0, 56]]);
  });

  test("newest first unless asked otherwise; a metric without data is complete and empty", async () => {
    const { put, client, get } = await start();
    await put([0, -60, -120].map((second) => ({ MetricName: "Stored", Value: 1, Timestamp: at(second) })));
    expect((await get("Sum", { ScanBy: undefined })).points.map(([second]) => second)).toEqual([0, -60, -120]);
    expect((await get("Sum", { StartTime: at(-60), EndTime: at(0) })).points).toEqual([[-60, 1]]);
    const empty = await client.send(
      new GetMetricDataCommand({
        StartTime: at(-60),
        EndTime: at(60),
        MetricDataQueries: [{ Id: "none", Label: "Nothing", MetricStat: { Metric: { Namespace: "Other", MetricName: "X" }, Period: 60, Stat: "Sum" } }],
      }),
    );
    expect(empty.MetricDataResults).toEqual([{ Id: "none", Label: "Nothing", Timestamps: [], Values: [], StatusCode: "Complete" }]);
  });

  test("dimensions tell metrics apart, whatever their order; so does the unit where it is asked for", async () => {
    const { put, client } = await start();
    const dimensions = [
      { Name: "Queue", Value: "q" },
      { Name: "Worker", Value: "w" },
    ];
    await put([
      { MetricName: "Stored", Dimensions: dimensions, Value: 1, Unit: "Count" },
      { MetricName: "Stored", Dimensions: dimensions.toReversed(), Value: 2, Unit: "Seconds" },
      { MetricName: "Stored", Value: 64 },
    ]);
    const sum = async (Unit?: "Count") => {
      const MetricStat = { Metric: { Namespace: "Spillway", MetricName: "Stored", Dimensions: dimensions }, Period: 60, Stat: "Sum", Unit };
      const answer = await client.send(new GetMetricDataCommand({ StartTime: at(0), EndTime: at(60), MetricDataQueries: [{ Id: "a", MetricStat }] }));
      return answer.MetricDataResults?.[0]?.Values;
    };
    expect(await sum()).toEqual([3]);
    expect(await sum("Count")).toEqual([1]);
  });

  test("high resolution is kept by the second for three hours, then by the minute", async () => {
    const { put, get, clock } = await start();
    await put([1, 2, 11].map((second) => ({ MetricName: "Stored", Value: 1, Timestamp: at(second), StorageResolution: 1 })));
    expect((await get("Sum", { period: 1 })).points).toEqual([[1, 1], [2, 1], [11, 1]]);
    expect((await get("Sum", { period: 10 })).points).toEqual([[0, 2], [10, 1]]);
    expect((await get("Sum")).points).toEqual([[0, 3]]);
    clock.ms += 4 * 3_600_000;
    await put([{ MetricName: "Other", Value: 1 }]);
    expect((await get("Sum", { period: 1 })).points).toEqual([[0, 3]]);
  });

  test("pages by MaxDatapoints, over several metrics", async () => {
    const { put, client } = await start();
    const names = ["A", "B", "C"];
    await put(names.flatMap((MetricName) => [0, -60, -120, -180].map((second) => ({ MetricName, Value: 1, Timestamp: at(second) }))));
    const seen = new Map<string, number[]>();
    const pages: (string | undefined)[][] = [];
    const request = {
      StartTime: at(-600),
      EndTime: at(60),
      MaxDatapoints: 5,
      MetricDataQueries: names.map((MetricName) => ({
        Id: MetricName.toLowerCase(),
        MetricStat: { Metric: { Namespace: "Spillway", MetricName }, Period: 60, Stat: "Sum" },
      })),
    };
    for await (const page of paginateGetMetricData({ client }, request)) {
      pages.push((page.MetricDataResults ?? []).map((result) => `${result.Id}:${result.StatusCode}`));
      for (const result of page.MetricDataResults ?? []) {
        const times = (result.Timestamps ?? []).map((time) => time.getTime() / 1000 - MINUTE);
        seen.set(result.Id ?? "", [...(seen.get(result.Id ?? "") ?? []), ...times]);
      }
    }
    expect(Object.fromEntries(seen)).toEqual({ a: [0, -60, -120, -180], b: [0, -60, -120, -180], c: [0, -60, -120, -180] });
    expect(pages).toEqual([["a:Complete", "b:PartialData"], ["b:Complete", "c:PartialData"], ["c:Complete"]]);
  });

  test("takes the gzip bodies that the SDK sends past 10 KB", async () => {
    const { put, get } = await start();
    await put(Array.from({ length: 500 }, () => ({ MetricName: "Stored", Value: 1, Timestamp: at(0), Unit: "Count" as const })));
    expect((await get("Sum")).points).toEqual([[0, 500]]);
  });

  test("refuses what CloudWatch refuses, with its codes", async () => {
    const { put, get, client } = await start();
    await expect(client.send(new PutMetricDataCommand({ Namespace: "AWS/SQS", MetricData: [{ MetricName: "X", Value: 1 }] }))).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      Error: { Code: "InvalidParameterValue" },
    });
    await expect(put([{ MetricName: "X", Values: [1, 2], Counts: [1] }])).rejects.toMatchObject({ name: "InvalidParameterValueException" });
    await expect(put([{ MetricName: "X", Values: [1], Value: 1 }])).rejects.toMatchObject({ name: "InvalidParameterCombinationException" });
    await expect(put([{ MetricName: "X", Value: 1, Timestamp: at(-15 * 86_400) }])).rejects.toThrow(/Timestamp/);
    await expect(put([{ MetricName: "Stored", Value: 1 }, { MetricName: "Y" }])).rejects.toThrow(/Exactly one/);
    expect((await get("Sum")).points).toEqual([]);
    await expect(get("p99")).rejects.toThrow(/Stat: This stand-in knows/);
    await expect(get("Sum", { period: 90 })).rejects.toThrow(/Period: must be/);
    await expect(get("Sum", { MetricDataQueries: [{ Id: "e", Expression: "q1 * 2" }] })).rejects.toThrow(/computes no expressions/);
    await expect(get("Sum", { EndTime: new Date(0) })).rejects.toThrow(/less than/);
    await expect(get("Sum", { NextToken: "nonsense" })).rejects.toMatchObject({ name: "InvalidNextToken" });
    const queries = Array.from({ length: 501 }, (_, index) => ({
      Id: `q${index}`,
      MetricStat: { Metric: { Namespace: "Spillway", MetricName: "Stored" }, Period: 60, Stat: "Sum" },
    }));
    await expect(get("Sum", { MetricDataQueries: queries })).rejects.toThrow(/MetricDataQueries/);
  });
});

describe("the other operations", () => {
  test("ListMetrics filters, and pages by 500", async () => {
    const { put, server, client } = await start();
    await put(Array.from({ length: 600 }, (_, index) => ({ MetricName: `M${index}`, Value: 1, Dimensions: [{ Name: "Queue", Value: `q${index % 2}` }] })));
    server.record({
      namespace: "AWS/SQS",
      name: "NumberOfMessagesSent",
      dimensions: { QueueName: "a" },
      unit: "Count",
      second: NOW - 4 * 3_600,
      resolutionSeconds: 60,
      statistics: repeated(1),
    });
    const sizes: number[] = [];
    for await (const page of paginateListMetrics({ client }, { Namespace: "Spillway" })) sizes.push(page.Metrics?.length ?? 0);
    expect(sizes).toEqual([500, 100]);
    const list = async (input: object) => (await client.send(new ListMetricsCommand(input))).Metrics;
    expect(await list({ Namespace: "AWS/SQS" })).toEqual([
      { Namespace: "AWS/SQS", MetricName: "NumberOfMessagesSent", Dimensions: [{ Name: "QueueName", Value: "a" }] },
    ]);
    expect(await list({ Namespace: "AWS/SQS", RecentlyActive: "PT3H" })).toEqual([]);
    expect(await list({ MetricName: "M7", Dimensions: [{ Name: "Queue" }] })).toHaveLength(1);
    expect(await list({ MetricName: "M7", Dimensions: [{ Name: "Queue", Value: "q0" }] })).toEqual([]);
  });

  test("GetMetricStatistics gives the statistics asked for", async () => {
    const { put, client } = await start();
    await put([{ MetricName: "Stored", Values: [2, 4], Unit: "Count", Timestamp: at(5) }]);
    const answer = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: "Spillway",
        MetricName: "Stored",
        StartTime: at(0),
        EndTime: at(60),
        Period: 60,
        Statistics: ["Sum", "Average"],
      }),
    );
    expect(answer.Datapoints).toEqual([{ Timestamp: at(0), Sum: 6, Average: 3, Unit: "Count" }]);
  });
});

describe("the server", () => {
  test("keeps metrics over a restart and a line cut off by a kill, and lets go of what is too old", async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, "metrics.ndjson");
    const old = { n: "Spillway", m: "Stored", d: {}, u: "None", t: MINUTE - 16 * 86_400, r: 60, v: [1, 1, 1, 1] };
    await writeFile(file, `${JSON.stringify(old)}\n`);
    const first = await start({ directory });
    await first.put([{ MetricName: "Stored", Value: 5, Timestamp: at(-60) }]);
    await first.put([{ MetricName: "Stored", Value: 6, Timestamp: at(-60) }]);
    await first.server.close();
    await appendFile(file, '{"n":"Spillway","m":"Sto');
    const second = await start({ directory });
    expect((await second.get("Sum", { StartTime: at(-20 * 86_400) })).points).toEqual([[-60, 11]]);
    const kept = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(kept).toHaveLength(1);
  });

  test("refuses a file that is damaged in the middle, and a taken port", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "metrics.ndjson"), 'nonsense\n{"n":"S","m":"X","d":{},"u":"None","t":1800000000,"r":60,"v":[1,1,1,1]}\n');
    await expect(startCloudWatch({ port: 0, directory })).rejects.toThrow(/metrics\.ndjson:1 cannot be read/);
    const { server } = await start();
    await expect(startCloudWatch({ port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("names an operation it does not have, and counts the calls", async () => {
    const { server, put } = await start();
    await put([{ MetricName: "Stored", Value: 1 }]);
    const answer = await fetch(server.url, { method: "POST", headers: { "x-amz-target": "GraniteServiceVersion20100801.PutDashboard" }, body: "{}" });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: "This stand-in has no PutDashboard." });
    expect(server.requestCounts()).toEqual({ PutMetricData: 1, PutDashboard: 1 });
  });
});
