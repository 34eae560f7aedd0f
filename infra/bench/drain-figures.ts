/** A granted lease: its start by the database's clock, epoch ms, and its cost. */
export interface Grant {
  startsAtMs: number;
  writeUnits: number;
}

/** The most write units whose starts lie within any one second; leases are counted whole. */
export function worstSecondOfGrants(grants: readonly Grant[]): number {
  const sorted = grants.toSorted((a, b) => a.startsAtMs - b.startsAtMs);
  let worst = 0;
  let sum = 0;
  let first = 0;
  for (const grant of sorted) {
    sum += grant.writeUnits;
    for (let head = sorted[first]; head && head.startsAtMs <= grant.startsAtMs - 1000; head = sorted[first]) {
      sum -= head.writeUnits;
      first += 1;
    }
    worst = Math.max(worst, sum);
  }
  return worst;
}

/** What a table's front counted in one second. */
export interface CountedSecond {
  second: number;
  writeUnits: number;
  throttledWrites: number;
}

/** Whole seconds of a run; one without traffic is a zero. */
export function secondsOf(counted: readonly CountedSecond[], { from, seconds }: { from: number; seconds: number }) {
  const known = new Map(counted.map((one) => [one.second, one]));
  const rows = Array.from({ length: seconds }, (_, offset) => known.get(from + offset));
  const unitsPerSecond = rows.map((row) => row?.writeUnits ?? 0);
  return {
    unitsPerSecond,
    mean: unitsPerSecond.reduce((sum, one) => sum + one, 0) / seconds,
    worst: Math.max(...unitsPerSecond),
    throttles: rows.reduce((sum, row) => sum + (row?.throttledWrites ?? 0), 0),
  };
}
