import { z } from "zod";
import { fault, fromToken, parseRequest, toToken } from "./faults.ts";
import { statistic, STATISTIC_NAMES } from "./metric.ts";
import type { MetricStore } from "./metric-store.ts";
import { dimensionsField, metricNameField, namespaceField, periodField, timeField, toMetricName, unitField } from "./wire-fields.ts";

/** API reference, GetMetricData. */
const MAX_QUERIES = 500;
const MAX_POINTS = 100_800;

const querySchema = z.object({
  Id: z.string().regex(/^[a-z][a-zA-Z0-9_]{0,254}$/, { error: "must begin with a lowercase letter, then letters, digits or _" }),
  Label: z.string().optional(),
  ReturnData: z.boolean().optional(),
  Expression: z.undefined({ error: "This stand-in computes no expressions; ask for the metrics." }).optional(),
  MetricStat: z.object({
    Metric: z.object({ Namespace: namespaceField, MetricName: metricNameField, Dimensions: dimensionsField.optional() }),
    Period: periodField,
    Stat: z.string().refine((name) => STATISTIC_NAMES.includes(name), { error: `This stand-in knows ${STATISTIC_NAMES.join(", ")}.` }),
    Unit: unitField.optional(),
  }),
});

const requestSchema = z.object({
  MetricDataQueries: z.array(querySchema).min(1).max(MAX_QUERIES),
  StartTime: timeField,
  EndTime: timeField,
  ScanBy: z.enum(["TimestampDescending", "TimestampAscending"]).optional(),
  MaxDatapoints: z.int().min(1).max(MAX_POINTS).optional(),
  NextToken: z.string().optional(),
});

/** Answers GetMetricData. @throws WireError. */
export function getMetricData(store: MetricStore, body: unknown): object {
  const request = parseRequest(requestSchema, body);
  const { MetricDataQueries: queries, StartTime, EndTime, ScanBy, MaxDatapoints = MAX_POINTS } = request;
  if (StartTime >= EndTime) throw fault("ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
  if (new Set(queries.map((query) => query.Id)).size < queries.length) throw fault("ValidationError", "Each Id must be unique in the request.");

  const from = fromToken(request.NextToken);
  const to = from + MaxDatapoints;
  const results: object[] = [];
  /** Points of the queries so far: pages are cut out of them laid end to end. */
  let passed = 0;
  for (const { Id, Label, MetricStat, ReturnData } of queries) {
    if (ReturnData === false) continue;
    const { Metric, Period, Stat, Unit } = MetricStat;
    const points = store.points(toMetricName(Metric.Namespace, Metric.MetricName, Metric.Dimensions), {
      startSecond: StartTime,
      endSecond: EndTime,
      periodSeconds: Period,
      unit: Unit,
    });
    if (ScanBy !== "TimestampAscending") points.reverse();
    const page = points.slice(Math.max(0, from - passed), Math.max(0, to - passed));
    const onThisPage = page.length > 0 || (points.length === 0 && from === 0);
    if (onThisPage) {
      results.push({
        Id,
        Label: Label ?? Metric.MetricName,
        Timestamps: page.map((point) => point.second),
        Values: page.map((point) => statistic(point.statistics, Stat) ?? 0),
        StatusCode: passed + points.length > to ? "PartialData" : "Complete",
      });
    }
    passed += points.length;
  }
  return { MetricDataResults: results, Messages: [], ...(passed > to && { NextToken: toToken(to) }) };
}
