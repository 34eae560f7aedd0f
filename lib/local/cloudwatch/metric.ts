/** What tells one metric from another; order of dimensions does not matter. */
export interface MetricName {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

/** What CloudWatch keeps of the values of a period. */
export interface Statistics {
  count: number;
  sum: number;
  minimum: number;
  maximum: number;
}

/** One put of a metric. */
export interface Datum extends MetricName {
  /** CloudWatch's unit name, "None" where it has none. */
  unit: string;
  /** Epoch seconds. */
  second: number;
  /** 60, or 1 for a high-resolution metric. */
  resolutionSeconds: 1 | 60;
  statistics: Statistics;
}

/** Text that is the same for the same metric. */
export function metricKey({ namespace, name, dimensions }: MetricName): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Statistics of `count` equal values. */
export function repeated(value: number, count = 1): Statistics {
  return { count, sum: value * count, minimum: value, maximum: value };
}

/** Statistics of two sets taken together. */
export function merged(a: Statistics | undefined, b: Statistics): Statistics {
  if (!a) return b;
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.max(a.maximum, b.maximum),
  };
}

/** One statistic by CloudWatch's name, or undefined where there is no such (percentiles are not kept). */
export function statistic(values: Statistics, name: string): number | undefined {
  switch (name) {
    case "SampleCount":
      return values.count;
    case "Sum":
      return values.sum;
    case "Average":
      return values.count === 0 ? 0 : values.sum / values.count;
    case "Minimum":
      return values.minimum;
    case "Maximum":
      return values.maximum;
    default:
      return undefined;
  }
}

/** The statistics that `statistic` knows. */
export const STATISTIC_NAMES: readonly string[] = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"];
