import { z } from "zod";
import type { MetricName } from "./metric.ts";

const name = z.string().min(1).max(255);
/** A metric has at most 30 dimensions (API reference, Dimension). */
export const dimensionsField = z.array(z.object({ Name: name, Value: z.string().min(1).max(1024) })).max(30);
export const namespaceField = name;
export const metricNameField = name;
export const unitField = z.string().min(1);
/** Seconds: 1, 5, 10, 20, 30 or a multiple of 60. */
export const periodField = z
  .int()
  .refine((period) => [1, 5, 10, 20, 30].includes(period) || (period > 0 && period % 60 === 0), {
    error: "must be 1, 5, 10, 20, 30 or any multiple of 60",
  });
/** Epoch seconds, with a fraction. */
export const timeField = z.number();

type Dimensions = z.infer<typeof dimensionsField>;

/** The names of the wire, as our own. */
export function toMetricName(namespace: string, metricName: string, dimensions: Dimensions | undefined): MetricName {
  return { namespace, name: metricName, dimensions: Object.fromEntries((dimensions ?? []).map(({ Name, Value }) => [Name, Value])) };
}

/** Our own, as the wire names them. */
export function toWireMetric({ namespace, name: metricName, dimensions }: MetricName) {
  return {
    Namespace: namespace,
    MetricName: metricName,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  };
}
