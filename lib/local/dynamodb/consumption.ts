/** One table's second, as its front counted it. */
export interface ConsumedSecond {
  /** Epoch seconds. */
  second: number;
  writeUnits: number;
  readUnits: number;
  /** Items refused, not requests. */
  throttledWrites: number;
  throttledReads: number;
  /** Items put, updated or deleted. */
  writtenItems: number;
  /** Read requests answered. */
  reads: number;
}

const KEPT_SECONDS = 2 * 3_600;

type Counted = Omit<ConsumedSecond, "second">;

/** What each table spent, second by second, for the last two hours. */
export function createConsumption({ now }: { now: () => number }) {
  const tables = new Map<string, Map<number, ConsumedSecond>>();

  function prune(seconds: Map<number, ConsumedSecond>): void {
    const oldest = Math.floor(now() / 1000) - KEPT_SECONDS;
    for (const second of seconds.keys()) {
      if (second >= oldest) break;
      seconds.delete(second);
    }
  }

  return {
    /** Adds to the second that `atMs` lies in. */
    add(table: string, atMs: number, counted: Partial<Counted>): void {
      const seconds = tables.get(table) ?? new Map<number, ConsumedSecond>();
      tables.set(table, seconds);
      const second = Math.floor(atMs / 1000);
      let row = seconds.get(second);
      if (!row) {
        row = { second, writeUnits: 0, readUnits: 0, throttledWrites: 0, throttledReads: 0, writtenItems: 0, reads: 0 };
        prune(seconds);
        seconds.set(second, row);
      }
      for (const [name, amount] of Object.entries(counted) as [keyof Counted, number][]) row[name] += amount;
    },

    /** Seconds with any traffic from `sinceSecond` on, oldest first. */
    of(table: string, sinceSecond = 0): readonly Readonly<ConsumedSecond>[] {
      const rows = [...(tables.get(table)?.values() ?? [])].filter((row) => row.second >= sinceSecond);
      return rows.toSorted((a, b) => a.second - b.second);
    },
  };
}

export type Consumption = ReturnType<typeof createConsumption>;
