import { itemBytes, writeUnits } from "#lib/domain/write-units.ts";
import type { ActivityItem, ActivityTable } from "#lib/gateways/activity-table.ts";
import type { Fact } from "./log.ts";
import type { Host } from "./host.ts";
import type { Link } from "./link.ts";

/** What the plan decides about a write that has arrived. */
export interface TableFaults {
  /** Reason of a throttle, or null: of the whole table for a call, of one user's key for an item. */
  tableThrottled: () => boolean;
  keyThrottled: (userId: string) => boolean;
  unprocessed: () => boolean;
  /** The table refuses this item for its content. */
  rejects: (id: string) => boolean;
  note: (host: Host, what: "throttled" | "unprocessed", detail: string) => void;
}

function throttle(reason: string): Error {
  const name = "ProvisionedThroughputExceededException";
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode: 400 }, ThrottlingReasons: [{ reason }] });
}
const rejection = () => Object.assign(new Error("bad item"), { name: "ValidationException", $metadata: { httpStatusCode: 400 } });

/** An item without its delivery facts: what must be equal to what was sent. */
export function contentOf({ userId, sk, id, type, occurredAt, properties }: ActivityItem): string {
  return JSON.stringify([userId, sk, id, type, occurredAt, properties]);
}

/** The activities' table, and what it does to a write that arrives. */
export function createTable({ faults, log }: { faults: TableFaults; log: (fact: Fact) => void }) {
  const items = new Map<string, ActivityItem>();

  function write(worker: string, item: ActivityItem): number {
    items.set(JSON.stringify([item.userId, item.sk]), item);
    const units = writeUnits(itemBytes({ ...item }));
    log({ fact: "written", worker, id: item.id, content: contentOf(item), writeUnits: units });
    return units;
  }

  function put(host: Host, item: ActivityItem): { consumedWriteUnits: number } {
    if (faults.rejects(item.id)) throw rejection();
    if (faults.tableThrottled()) {
      faults.note(host, "throttled", "table");
      throw throttle("TableWriteProvisionedThroughputExceeded");
    }
    if (faults.keyThrottled(item.userId)) {
      faults.note(host, "throttled", item.userId);
      throw throttle("TableWriteKeyRangeThroughputExceeded");
    }
    return { consumedWriteUnits: write(host.name, item) };
  }

  function putBatch(host: Host, batch: readonly ActivityItem[]): { unprocessed: number[]; consumedWriteUnits: number } {
    if (batch.some((item) => faults.rejects(item.id))) throw rejection();
    if (batch.every((item) => faults.keyThrottled(item.userId))) throw throttle("TableWriteKeyRangeThroughputExceeded");
    if (faults.tableThrottled()) {
      faults.note(host, "throttled", "table");
      throw throttle("TableWriteProvisionedThroughputExceeded");
    }
    const unprocessed: number[] = [];
    let consumedWriteUnits = 0;
    for (const [position, item] of batch.entries()) {
      if (faults.keyThrottled(item.userId) || faults.unprocessed()) unprocessed.push(position);
      else consumedWriteUnits += write(host.name, item);
    }
    if (unprocessed.length > 0) faults.note(host, "unprocessed", unprocessed.join());
    return { unprocessed, consumedWriteUnits };
  }

  return {
    items,
    gateway: (host: Host, link: Link): Pick<ActivityTable, "put" | "putBatch"> => ({
      put: (item, signal) => link.call({ backend: "table", name: "table.put", signal }, () => put(host, item)),
      putBatch: (batch, signal) => link.call({ backend: "table", name: "table.putBatch", signal }, () => putBatch(host, batch)),
    }),
  };
}
