import { WireError } from "#lib/local/wire/wire-error.ts";
import type { WireItem } from "./item-size.ts";
import type { TableRegistry } from "./table-limits.ts";

/** A planted fault: every put with this partition key (a string) is refused, as one that breaks a rule would be. */
export interface FaultRule {
  table: string;
  partitionKey: string;
  message: string;
}

interface PutRequests {
  [table: string]: { PutRequest?: { Item: WireItem } }[];
}

function isRule(value: unknown): value is FaultRule {
  const rule = (typeof value === "object" && value !== null ? value : {}) as Partial<Record<string, unknown>>;
  return typeof rule.table === "string" && typeof rule.partitionKey === "string" && typeof rule.message === "string";
}

/**
 * Faults that a test or a rehearsal plants: what fails until its cause is removed cannot be had from a table that
 * works. Set by the operation `SpillwaySetFaults` with `{ rules }`, which replaces all rules before.
 */
export function createFaults({ tables }: { tables: Pick<TableRegistry, "of"> }) {
  let rules: readonly FaultRule[] = [];

  async function refuse(table: string, items: readonly WireItem[]): Promise<void> {
    const ofTable = rules.filter((rule) => rule.table === table);
    if (ofTable.length === 0) return;
    const [keyName = ""] = (await tables.of(table)).keyNames;
    for (const item of items) {
      const broken = ofTable.find((rule) => item[keyName]?.S === rule.partitionKey);
      // A batch with one such item is refused as a whole, as DynamoDB refuses one that it cannot validate.
      if (broken) throw new WireError({ type: "com.amazon.coral.validate#ValidationException", message: broken.message });
    }
  }

  return {
    set(body: Record<string, unknown>): { rules: number } {
      const given = Array.isArray(body.rules) ? (body.rules as unknown[]) : null;
      if (given === null || !given.every(isRule)) {
        throw new WireError({ type: "com.amazon.coral.validate#ValidationException", message: "rules must be a list of { table, partitionKey, message }" });
      }
      rules = given;
      return { rules: rules.length };
    },

    /** @throws WireError where a rule meets a put of this request. */
    async check(operation: string, body: Record<string, unknown>): Promise<void> {
      if (rules.length === 0) return;
      if (operation === "PutItem") await refuse(String(body.TableName), [body.Item as WireItem]);
      if (operation === "BatchWriteItem") {
        for (const [table, requests] of Object.entries(body.RequestItems as PutRequests)) {
          await refuse(table, requests.flatMap((request) => (request.PutRequest ? [request.PutRequest.Item] : [])));
        }
      }
    },
  };
}
