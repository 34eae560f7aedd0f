import type { Consumption } from "./consumption.ts";
import type { Engine } from "./engine.ts";
import { putUnits, type WireItem } from "./item-size.ts";
import { leastReadUnits, partitionKey, primaryKey } from "./request-keys.ts";
import type { Access, TableLimits, TableRegistry } from "./table-limits.ts";
import { type Refusal, throttledError, validationError } from "./throttled.ts";

type Data = Record<string, unknown>;
interface WriteRequest {
  PutRequest?: { Item: WireItem };
  DeleteRequest?: { Key: WireItem };
}
type ReadRequest = Data & { Keys: WireItem[]; ConsistentRead?: boolean };
interface Capacity {
  TableName: string;
  CapacityUnits: number;
}

/** One table's part of a batch, split by what its units allow. */
interface Split<T> {
  limits: TableLimits;
  admitted: T[];
  refused: T[];
  refusals: Refusal[];
  units: number;
}

const attributesOf = (request: WriteRequest): WireItem => request.PutRequest?.Item ?? request.DeleteRequest?.Key ?? {};
const unitsOf = (request: WriteRequest) => (request.PutRequest ? putUnits(request.PutRequest.Item) : 1);

function split<T>(
  limits: TableLimits,
  access: Access,
  entries: readonly T[],
  { unitsOf: cost, attributesOf: attributes, atMs }: { unitsOf: (entry: T) => number; attributesOf: (entry: T) => WireItem; atMs: number },
): Split<T> {
  const result: Split<T> = { limits, admitted: [], refused: [], refusals: [], units: 0 };
  for (const entry of entries) {
    const units = cost(entry);
    const shortage = limits.admit(access, partitionKey(limits, attributes(entry)), units, atMs);
    if (shortage) {
      result.refused.push(entry);
      result.refusals.push({ limits, access, shortage });
    } else {
      result.admitted.push(entry);
      result.units += units;
    }
  }
  return result;
}

/** AWS answers with the exception only when not one entry of the batch went through. */
function refuseIfNothingLeft<T>(parts: readonly Split<T>[]): void {
  const [first, ...others] = parts.flatMap((part) => part.refusals);
  if (first && parts.every((part) => part.admitted.length === 0)) throw throttledError([first, ...others]);
}

function nonEmpty<T, R>(parts: readonly Split<T>[], of: (part: Split<T>) => T[], as: (part: Split<T>, entries: T[]) => R): Record<string, R> {
  return Object.fromEntries(parts.filter((part) => of(part).length > 0).map((part) => [part.limits.table, as(part, of(part))]));
}

/** BatchWriteItem and BatchGetItem: what the units do not cover comes back as unprocessed. */
export function createBatches({
  engine,
  tables,
  consumption,
  now,
}: {
  engine: Engine;
  tables: TableRegistry;
  consumption: Consumption;
  now: () => number;
}) {
  /** Runs the admitted rest and charges what it cost beyond the estimate; gives the estimate back if it was malformed. */
  async function forward<T>(
    operation: "BatchWriteItem" | "BatchGetItem",
    data: Data,
    parts: readonly Split<T>[],
    { access, atMs }: { access: Access; atMs: number },
  ): Promise<Data> {
    const asked = data.ReturnConsumedCapacity;
    try {
      const answer = await engine.execute(operation, { ...data, ReturnConsumedCapacity: asked === "INDEXES" ? asked : "TOTAL" });
      for (const { limits, admitted, units } of parts) {
        if (admitted.length === 0) continue;
        const consumed = (answer.ConsumedCapacity as Capacity[] | undefined)?.find((capacity) => capacity.TableName === limits.table);
        const spent = Math.max(units, consumed?.CapacityUnits ?? 0);
        // Only the sum is reported, so what replaced items add is charged to the table and not to a key.
        limits.settle(access, undefined, spent - units, now());
        consumption.add(
          limits.table,
          atMs,
          access === "Write" ? { writeUnits: spent, writtenItems: admitted.length } : { readUnits: spent, reads: admitted.length },
        );
      }
      if (asked !== "TOTAL" && asked !== "INDEXES") delete answer.ConsumedCapacity;
      return answer;
    } catch (error) {
      for (const { limits, units } of parts) limits.settle(access, undefined, -units, now());
      throw error;
    }
  }

  function countRefused<T>(parts: readonly Split<T>[], access: Access, atMs: number): void {
    for (const { limits, refused } of parts) {
      if (refused.length > 0) consumption.add(limits.table, atMs, access === "Write" ? { throttledWrites: refused.length } : { throttledReads: refused.length });
    }
  }

  return {
    /** @param data a validated BatchWriteItem. */
    async write(data: Data): Promise<Data> {
      const requested = Object.entries(data.RequestItems as Record<string, WriteRequest[]>);
      const limits = await Promise.all(requested.map(([table]) => tables.of(table)));
      requested.forEach(([, requests], position) => {
        const of = limits[position];
        // Checked on the whole batch: what is held back must not hide a duplicate.
        if (of && new Set(requests.map((request) => primaryKey(of, attributesOf(request)))).size < requests.length) {
          throw validationError("Provided list of item keys contains duplicates");
        }
      });
      const atMs = now();
      const parts = requested.flatMap(([, requests], position) => {
        const of = limits[position];
        return of ? [split(of, "Write", requests, { unitsOf, attributesOf, atMs })] : [];
      });
      countRefused(parts, "Write", atMs);
      refuseIfNothingLeft(parts);
      const RequestItems = nonEmpty(
        parts,
        (part) => part.admitted,
        (_, entries) => entries,
      );
      const answer = await forward("BatchWriteItem", { ...data, RequestItems }, parts, { access: "Write", atMs });
      const UnprocessedItems = nonEmpty(
        parts,
        (part) => part.refused,
        (_, entries) => entries,
      );
      return { ...answer, UnprocessedItems };
    },

    /** @param data a validated BatchGetItem. */
    async read(data: Data): Promise<Data> {
      const requested = data.RequestItems as Record<string, ReadRequest>;
      const limits = await Promise.all(Object.keys(requested).map((table) => tables.of(table)));
      const atMs = now();
      const parts = limits.map((of) => {
        const request = requested[of.table];
        const units = leastReadUnits(request?.ConsistentRead);
        return split(of, "Read", request?.Keys ?? [], { unitsOf: () => units, attributesOf: (key) => key, atMs });
      });
      countRefused(parts, "Read", atMs);
      refuseIfNothingLeft(parts);
      const withKeys = (part: Split<WireItem>, Keys: WireItem[]) => ({ ...requested[part.limits.table], Keys });
      const RequestItems = nonEmpty(parts, (part) => part.admitted, withKeys);
      const answer = await forward("BatchGetItem", { ...data, RequestItems }, parts, { access: "Read", atMs });
      const over = answer.UnprocessedKeys as Record<string, ReadRequest>;
      const UnprocessedKeys = { ...over };
      for (const part of parts) {
        if (part.refused.length === 0) continue;
        const { _projection, ...asSent } = withKeys(part, [...(over[part.limits.table]?.Keys ?? []), ...part.refused]) as Data;
        UnprocessedKeys[part.limits.table] = asSent as ReadRequest;
      }
      return { ...answer, UnprocessedKeys };
    },
  };
}
