import { z } from "zod";
import { fromToken, parseRequest, toToken } from "./faults.ts";
import type { MetricName } from "./metric.ts";
import type { MetricStore } from "./metric-store.ts";
import { metricNameField, namespaceField, toWireMetric } from "./wire-fields.ts";

/** API reference, ListMetrics. */
const PAGE = 500;
const RECENT_SECONDS = 3 * 3_600;

const requestSchema = z.object({
  Namespace: namespaceField.optional(),
  MetricName: metricNameField.optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string().optional() })).max(10).optional(),
  RecentlyActive: z.literal("PT3H").optional(),
  NextToken: z.string().optional(),
});
type ListRequest = z.infer<typeof requestSchema>;

function matches(metric: MetricName, { Namespace, MetricName: name, Dimensions }: ListRequest): boolean {
  if (Namespace !== undefined && metric.namespace !== Namespace) return false;
  if (name !== undefined && metric.name !== name) return false;
  return (Dimensions ?? []).every(({ Name, Value }) => {
    const value = metric.dimensions[Name];
    return value !== undefined && (Value === undefined || Value === value);
  });
}

/** Answers ListMetrics, 500 a page. @throws WireError. */
export function listMetrics(store: MetricStore, body: unknown, nowMs: number): object {
  const request = parseRequest(requestSchema, body);
  const activeSince = request.RecentlyActive ? nowMs / 1000 - RECENT_SECONDS : Number.NEGATIVE_INFINITY;
  const found = store.metrics().filter((metric) => metric.lastSecond >= activeSince && matches(metric, request));
  const from = fromToken(request.NextToken);
  return {
    Metrics: found.slice(from, from + PAGE).map(toWireMetric),
    ...(found.length > from + PAGE && { NextToken: toToken(from + PAGE) }),
  };
}
