import { createBatches } from "./batches.ts";
import type { Consumption } from "./consumption.ts";
import type { Engine, Operation } from "./engine.ts";
import { putUnits, type WireItem } from "./item-size.ts";
import { leastReadUnits, partitionKey, queriedKey } from "./request-keys.ts";
import type { Access, TableLimits, TableRegistry } from "./table-limits.ts";
import { throttledError } from "./throttled.ts";

type Data = Record<string, unknown>;

/**
 * Stands before the data engine and lets through what a table's provisioned units allow.
 * A request is admitted on what is known beforehand (a put's own size, else the least it can cost); what the engine
 * then reports as consumed, such as a larger item that was replaced, is charged after.
 */
export function createFront({
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
  const batches = createBatches({ engine, tables, consumption, now });

  async function single(
    operation: Operation,
    data: Data,
    { access, units, keyOf }: { access: Access; units: number; keyOf: (limits: TableLimits) => string | undefined },
  ): Promise<Data> {
    const limits = await tables.of(data.TableName as string);
    const key = keyOf(limits);
    const atMs = now();
    const shortage = limits.admit(access, key, units, atMs);
    const count = (spent: number) =>
      consumption.add(limits.table, atMs, access === "Write" ? { writeUnits: spent, writtenItems: 1 } : { readUnits: spent, reads: 1 });
    if (shortage) {
      consumption.add(limits.table, atMs, access === "Write" ? { throttledWrites: 1 } : { throttledReads: 1 });
      throw throttledError([{ limits, access, shortage }]);
    }
    const asked = data.ReturnConsumedCapacity;
    try {
      const answer = await engine.execute(operation, { ...data, ReturnConsumedCapacity: asked === "INDEXES" ? asked : "TOTAL" });
      const consumed = answer.ConsumedCapacity as { CapacityUnits: number } | undefined;
      const spent = Math.max(units, consumed?.CapacityUnits ?? 0);
      limits.settle(access, key, spent - units, now());
      count(spent);
      if (asked !== "TOTAL" && asked !== "INDEXES") delete answer.ConsumedCapacity;
      return answer;
    } catch (error) {
      // A condition that fails costs its units; a request that was malformed does not.
      if ((error as Error).name === "ConditionalCheckFailedException") {
        consumption.add(limits.table, atMs, { writeUnits: units });
      } else limits.settle(access, undefined, -units, now());
      throw error;
    }
  }

  /** Runs a request that the engine has validated. @throws WireError. */
  return async function run(operation: Operation, data: Data): Promise<Data> {
    const table = String(data.TableName);
    const keyed = (limits: TableLimits) => partitionKey(limits, (data.Item ?? data.Key) as WireItem | undefined);
    const write = (units: number) => single(operation, data, { access: "Write", units, keyOf: keyed });
    const read = (keyOf: (limits: TableLimits) => string | undefined) =>
      single(operation, data, { access: "Read", units: leastReadUnits(data.ConsistentRead), keyOf });
    switch (operation) {
      case "PutItem":
        return await write(putUnits(data.Item as WireItem));
      case "UpdateItem":
      case "DeleteItem":
        return await write(1);
      case "GetItem":
        return await read(keyed);
      case "Query":
        return await read((limits) => queriedKey(limits, data));
      case "Scan":
        return await read(() => undefined);
      case "BatchWriteItem":
        return await batches.write(data);
      case "BatchGetItem":
        return await batches.read(data);
      default: {
        const answer = await engine.execute(operation, data);
        if (operation === "UpdateTable") tables.forget(table);
        if (operation === "DeleteTable") tables.drop(table);
        return answer;
      }
    }
  };
}
