/** @returns the smallest of `values` that at least `share` (0 to 1) of them do not exceed; null of none. */
export function percentile(sortedValues: readonly number[] | Float64Array, share: number): number | null {
  if (sortedValues.length === 0) return null;
  const rank = Math.max(1, Math.ceil(share * sortedValues.length));
  return sortedValues[rank - 1] ?? null;
}

export interface LatencySummary {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Percentiles of request times, milliseconds; null when there were none. */
export function summarise(latenciesMs: readonly number[]): LatencySummary | null {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number) => percentile(sorted, share) ?? 0;
  return sorted.length === 0 ? null : { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}
