import { z } from "zod";
import { fault, parseRequest } from "./faults.ts";
import { type Datum, merged, repeated, type Statistics } from "./metric.ts";
import { dimensionsField, metricNameField, namespaceField, timeField, toMetricName, unitField } from "./wire-fields.ts";

const PAST_SECONDS = 14 * 86_400;
const FUTURE_SECONDS = 2 * 3_600;

const datumSchema = z.object({
  MetricName: metricNameField,
  Dimensions: dimensionsField.optional(),
  Timestamp: timeField.optional(),
  Value: z.number().optional(),
  StatisticValues: z.object({ SampleCount: z.number(), Sum: z.number(), Minimum: z.number(), Maximum: z.number() }).optional(),
  Values: z.array(z.number()).max(150).optional(),
  Counts: z.array(z.number()).max(150).optional(),
  Unit: unitField.optional(),
  StorageResolution: z.union([z.literal(1), z.literal(60)]).optional(),
});

/** At most 1,000 metrics a call (API reference, PutMetricData). */
const requestSchema = z.object({ Namespace: namespaceField, MetricData: z.array(datumSchema).min(1).max(1_000) });

function statisticsOf({ Value, StatisticValues, Values, Counts }: z.infer<typeof datumSchema>): Statistics {
  if ([Value, StatisticValues, Values].filter((given) => given !== undefined).length !== 1) {
    throw fault("InvalidParameterCombination", "Exactly one of Value, StatisticValues and Values must be given.");
  }
  if (Value !== undefined) return repeated(Value);
  if (StatisticValues) {
    const { SampleCount, Sum, Minimum, Maximum } = StatisticValues;
    return { count: SampleCount, sum: Sum, minimum: Minimum, maximum: Maximum };
  }
  const values = Values ?? [];
  if (Counts && Counts.length !== values.length) throw fault("InvalidParameterValue", "Values and Counts must have the same length.");
  const [first, ...others] = values.map((value, position) => repeated(value, Counts?.[position] ?? 1));
  if (!first) throw fault("InvalidParameterValue", "Values must not be empty.");
  return others.reduce((sum, part) => merged(sum, part), first);
}

/** Reads a PutMetricData request. @throws WireError; nothing of a request that has a fault is taken. */
export function readPutMetricData(body: unknown, nowMs: number): Datum[] {
  const { EntityMetricData, ...request } = body as Record<string, unknown>;
  if (EntityMetricData !== undefined) throw fault("ValidationError", "This stand-in takes no EntityMetricData.");
  const { Namespace, MetricData } = parseRequest(requestSchema, request);
  if (Namespace.startsWith("AWS/")) throw fault("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.");
  const nowSeconds = nowMs / 1000;
  return MetricData.map((datum) => {
    const second = datum.Timestamp ?? nowSeconds;
    if (second < nowSeconds - PAST_SECONDS || second > nowSeconds + FUTURE_SECONDS) {
      throw fault("InvalidParameterValue", "Timestamp must be within two weeks before and two hours after now.");
    }
    return Object.assign(toMetricName(Namespace, datum.MetricName, datum.Dimensions), {
      unit: datum.Unit ?? "None",
      second: Math.floor(second),
      resolutionSeconds: datum.StorageResolution ?? 60,
      statistics: statisticsOf(datum),
    });
  });
}
