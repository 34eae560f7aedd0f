import type { TableDescription } from "./engine.ts";
import { createKeyWindows } from "./key-windows.ts";
import { createTokenBucket } from "./token-bucket.ts";

/** Most that one partition key takes, whatever the table has (developer guide, "Designing partition keys"). */
const KEY_UNITS_PER_SECOND = { Write: 1_000, Read: 3_000 } as const;

export type Access = "Write" | "Read";
/** What was short, the table's units or one key's, in the words of AWS's ThrottlingReasons. */
export type Shortage = "ProvisionedThroughputExceeded" | "KeyRangeThroughputExceeded";

/** One table's throughput. On-demand tables admit everything. */
export interface TableLimits {
  table: string;
  arn: string;
  /** Key attributes, partition key first. */
  keyNames: readonly string[];
  /** Spends `units` if they may be spent now. @param key the partition key; absent where a request spans many. */
  admit(access: Access, key: string | undefined, units: number, atMs: number): Shortage | null;
  /** Charges what a request cost beyond what was admitted; a negative number gives back to the table. */
  settle(access: Access, key: string | undefined, units: number, atMs: number): void;
}

type Side = ReturnType<typeof createSide>;

/** Writes or reads of one provisioned table: a bucket for the table, a window for each key. */
function createSide(access: Access, options: { unitsPerSecond: number; burstSeconds: number; nowMs: number }) {
  return { bucket: createTokenBucket(options), keys: createKeyWindows({ unitsPerSecond: KEY_UNITS_PER_SECOND[access] }) };
}

function provisionedUnits(description: TableDescription): Record<Access, number> | null {
  const units = description.ProvisionedThroughput;
  if (!units || description.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST") return null;
  return { Write: units.WriteCapacityUnits, Read: units.ReadCapacityUnits };
}

function createLimits(description: TableDescription, sides: Record<Access, Side> | null): TableLimits {
  return {
    table: description.TableName,
    arn: description.TableArn,
    keyNames: description.KeySchema.toSorted((a, b) => a.KeyType.localeCompare(b.KeyType)).map((key) => key.AttributeName),

    admit(access, key, units, atMs) {
      const side = sides?.[access];
      if (!side) return null;
      if (key !== undefined && !side.keys.fits(key, units, atMs)) return "KeyRangeThroughputExceeded";
      if (!side.bucket.tryTake(units, atMs)) return "ProvisionedThroughputExceeded";
      if (key !== undefined) side.keys.spend(key, units, atMs);
      return null;
    },

    settle(access, key, units, atMs) {
      const side = sides?.[access];
      if (!side || units === 0) return;
      side.bucket.settle(units, atMs);
      if (key !== undefined && units > 0) side.keys.spend(key, units, atMs);
    },
  };
}

/** Learns each table's provisioned units from its description and keeps its buckets. */
export function createTableRegistry({
  describe,
  burstSeconds,
  now,
}: {
  describe: (table: string) => Promise<TableDescription>;
  burstSeconds: number;
  now: () => number;
}) {
  const learned = new Map<string, TableLimits>();
  /** Outlives `forget`: a change of the rate is not a fresh start. */
  const buckets = new Map<string, Record<Access, Side>>();
  /** Counts changes, so that a description asked for before one is not kept after it. */
  let changes = 0;

  function sidesOf(description: TableDescription): Record<Access, Side> | null {
    const units = provisionedUnits(description);
    if (!units) {
      buckets.delete(description.TableName);
      return null;
    }
    const nowMs = now();
    const kept = buckets.get(description.TableName);
    if (kept) {
      kept.Write.bucket.setRate(units.Write, nowMs);
      kept.Read.bucket.setRate(units.Read, nowMs);
      return kept;
    }
    const made = {
      Write: createSide("Write", { unitsPerSecond: units.Write, burstSeconds, nowMs }),
      Read: createSide("Read", { unitsPerSecond: units.Read, burstSeconds, nowMs }),
    };
    buckets.set(description.TableName, made);
    return made;
  }

  return {
    /** @throws WireError ResourceNotFoundException. */
    async of(table: string): Promise<TableLimits> {
      const known = learned.get(table);
      if (known) return known;
      const asOf = changes;
      const description = await describe(table);
      // Asked for again while it was being described: the first to come back made the buckets.
      const limits = learned.get(table) ?? createLimits(description, sidesOf(description));
      // A table that is changing shows its old units still.
      if (description.TableStatus === "ACTIVE" && asOf === changes) learned.set(table, limits);
      return limits;
    },

    /** To be called when a table was changed; the next request learns it anew. */
    forget(table: string): void {
      changes += 1;
      learned.delete(table);
    },

    /** To be called when a table was deleted. */
    drop(table: string): void {
      changes += 1;
      learned.delete(table);
      buckets.delete(table);
    },
  };
}

export type TableRegistry = ReturnType<typeof createTableRegistry>;
