import { z } from "zod";
import { fault, parseRequest } from "./faults.ts";
import { statistic } from "./metric.ts";
import type { MetricStore } from "./metric-store.ts";
import { dimensionsField, metricNameField, namespaceField, periodField, timeField, toMetricName, unitField } from "./wire-fields.ts";

/** API reference, GetMetricStatistics. */
const MAX_POINTS = 1_440;

const requestSchema = z.object({
  Namespace: namespaceField,
  MetricName: metricNameField,
  Dimensions: dimensionsField.optional(),
  StartTime: timeField,
  EndTime: timeField,
  Period: periodField,
  Statistics: z.array(z.enum(["SampleCount", "Average", "Sum", "Minimum", "Maximum"])).min(1).max(5),
  Unit: unitField.optional(),
});

/** Answers GetMetricStatistics. @throws WireError. */
export function getMetricStatistics(store: MetricStore, body: unknown): object {
  const request = parseRequest(requestSchema, body);
  if (request.StartTime >= request.EndTime) throw fault("InvalidParameterCombination", "The parameter StartTime must be less than the parameter EndTime.");
  const points = store.points(toMetricName(request.Namespace, request.MetricName, request.Dimensions), {
    startSecond: request.StartTime,
    endSecond: request.EndTime,
    periodSeconds: request.Period,
    unit: request.Unit,
  });
  if (points.length > MAX_POINTS) {
    throw fault("InvalidParameterCombination", `You have requested up to ${points.length} datapoints, which exceeds the limit of ${MAX_POINTS}.`);
  }
  return {
    Label: request.MetricName,
    Datapoints: points.map(({ second, statistics, unit }) =>
      Object.assign({ Timestamp: second, Unit: unit }, Object.fromEntries(request.Statistics.map((name) => [name, statistic(statistics, name)]))),
    ),
  };
}
