/** A table, or one of its global secondary indexes, with the write units it has a second; null = no ceiling known. */
export interface WriteResource {
  /** Null = the table itself. */
  index: string | null;
  writeUnits: number | null;
}

/** What one answer of the table was charged, by resource. */
export interface ChargedUnits {
  table: number;
  indexes: Readonly<Record<string, number>>;
}

/** `measured` is false where no write has shown yet how the cost falls on the indexes: the ceiling is then the safest one. */
export interface WriteCeiling {
  writeUnits: number | null;
  measured: boolean;
}

/** Charged units the past counts for. */
const MEMORY_UNITS = 5_000;
/** Charged units after which the shares are believed. */
const BELIEVED_UNITS = 50;

/**
 * How much may be written in all before the table or the first of its indexes is full. Each has a ceiling of its own
 * (DynamoDB developer guide, "Provisioned throughput considerations for global secondary indexes"); the share of the
 * cost that falls on each is measured.
 */
export function createWriteCeiling() {
  let total = 0;
  const byIndex = new Map<string, number>();

  return {
    /** Takes in what was charged. */
    charged({ table, indexes }: ChargedUnits): void {
      const units = Object.values(indexes).reduce((sum, one) => sum + one, table);
      const keep = Math.max(0, 1 - units / MEMORY_UNITS);
      total = total * keep + units;
      for (const [index, known] of byIndex) byIndex.set(index, known * keep);
      for (const [index, one] of Object.entries(indexes)) byIndex.set(index, (byIndex.get(index) ?? 0) + one);
    },

    /** @param resources the table and all of its indexes, as described. */
    ceiling(resources: readonly WriteResource[]): WriteCeiling {
      const known = resources.flatMap(({ index, writeUnits }) => (writeUnits === null ? [] : [{ index, writeUnits }]));
      if (known.length === 0) return { writeUnits: null, measured: true };
      if (resources.every(({ index }) => index === null)) return { writeUnits: known[0]?.writeUnits ?? null, measured: true };
      if (total < BELIEVED_UNITS) return { writeUnits: Math.min(...known.map(({ writeUnits }) => writeUnits)), measured: false };
      const onIndexes = Array.from(byIndex.values()).reduce((sum, one) => sum + one, 0);
      const shareOf = (index: string | null) => (index === null ? total - onIndexes : (byIndex.get(index) ?? 0)) / total;
      const ceilings = known.map(({ index, writeUnits }) => writeUnits / Math.max(1e-3, shareOf(index)));
      return { writeUnits: Math.min(...ceilings), measured: true };
    },
  };
}
