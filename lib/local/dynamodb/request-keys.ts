import type { WireItem, WireValue } from "./item-size.ts";
import type { TableLimits } from "./table-limits.ts";

/** Text of the partition key's value, to tell keys apart. */
export function partitionKey(limits: TableLimits, attributes: WireItem | undefined): string | undefined {
  const [name] = limits.keyNames;
  const value = name === undefined ? undefined : attributes?.[name];
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Text of the whole primary key. */
export function primaryKey(limits: TableLimits, attributes: WireItem): string {
  return JSON.stringify(limits.keyNames.map((name) => attributes[name]));
}

/** Partition key that a Query names; undefined on an index, whose partitions are its own and not limited here. */
export function queriedKey(limits: TableLimits, query: Record<string, unknown>): string | undefined {
  if (query.IndexName !== undefined) return undefined;
  const conditions = query.KeyConditions as Record<string, { AttributeValueList?: WireValue[] }> | undefined;
  const value = conditions?.[limits.keyNames[0] ?? ""]?.AttributeValueList?.[0];
  return value === undefined ? undefined : JSON.stringify(value);
}

/** What a read costs before it is known what it finds: one item of up to 4 KB. */
export function leastReadUnits(consistentRead: unknown): number {
  return consistentRead === true ? 1 : 0.5;
}
