import { createRequire } from "node:module";
import { promisify } from "node:util";
import { WireError } from "#lib/local/wire/wire-error.ts";

/**
 * dynalite's own parts, called in-process: its store, its validations and its actions, without its HTTP server.
 * The package ships no types, so what is used of it is written down here.
 */
interface Store {
  db: { open(): Promise<void> };
  tableDb: { awsRegion: string; put: (name: string, table: TableDescription, done: Done<void>) => void };
  getTable: (name: string, mustBeActive: boolean, done: Done<TableDescription>) => void;
  lifecycleManager: { gracefulClose(): Promise<void> };
}
type Done<T> = (error: Error | null, value: T) => void;
type Data = Record<string, unknown>;
interface Validation {
  types: object;
  custom?: unknown;
}
interface Validations {
  checkTypes(data: Data, types: object): Data;
  checkValidations(data: Data, types: object, custom: unknown, store: Store): void;
}

/** The members of a table's description that the front needs. */
export interface TableDescription {
  TableName: string;
  TableArn: string;
  TableStatus: string;
  KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
  ProvisionedThroughput?: { ReadCapacityUnits: number; WriteCapacityUnits: number };
  BillingModeSummary?: { BillingMode: string };
}

const OPERATIONS = [
  "BatchGetItem",
  "BatchWriteItem",
  "CreateTable",
  "DeleteItem",
  "DeleteTable",
  "DescribeTable",
  "GetItem",
  "ListTables",
  "ListTagsOfResource",
  "PutItem",
  "Query",
  "Scan",
  "TagResource",
  "UntagResource",
  "UpdateItem",
  "UpdateTable",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Whether the engine has such an operation. */
export function isOperation(name: string): name is Operation {
  return (OPERATIONS as readonly string[]).includes(name);
}

const load = createRequire(import.meta.url);
const fileOf = (operation: Operation) => operation.charAt(0).toLowerCase() + operation.slice(1);

function toWireError(error: unknown): unknown {
  const { statusCode, body } = error as { statusCode?: number; body?: Data };
  if (statusCode === undefined || body === undefined) return error;
  const { __type, message, Message, ...fields } = body as { __type: string; message?: string; Message?: string };
  return new WireError({ type: __type, message: message ?? Message ?? "", status: statusCode, fields, cause: error });
}

/**
 * The data engine: tables and items, as dynalite keeps them, in memory or in `path` on disk.
 * @throws when the store on disk cannot be opened (another process holds it).
 */
export async function openEngine({ path, region }: { path?: string; region: string }) {
  const { create } = load("dynalite/db") as { create: (options: object) => Store };
  const validations = load("dynalite/validations") as Validations;
  const store = create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, ...(path !== undefined && { path }) });
  try {
    await store.db.open();
  } catch (cause) {
    throw new Error(`The table store ${path ?? "in memory"} cannot be opened: it is in use by another process, or damaged.`, { cause });
  }
  store.tableDb.awsRegion = region;

  const parts = new Map(
    OPERATIONS.map((operation) => {
      const action = load(`dynalite/actions/${fileOf(operation)}`) as (on: Store, data: Data, done: Done<Data>) => void;
      return [operation, { action: promisify(action), validation: load(`dynalite/validations/${fileOf(operation)}`) as Validation }];
    }),
  );
  const part = (operation: Operation) => {
    const found = parts.get(operation);
    if (!found) throw new Error(`No such operation: ${operation}`);
    return found;
  };
  const getTable = promisify<string, boolean, TableDescription>(store.getTable);

  const putTable = promisify<string, TableDescription, void>(store.tableDb.put);

  async function refusable<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw toWireError(error);
    }
  }

  const engine = {
    /** Checks a request and makes it ready for `execute`. @throws WireError (SerializationException, ValidationException). */
    validate(operation: Operation, body: Data): Data {
      const { types, custom } = part(operation).validation;
      try {
        const data = validations.checkTypes(body, types);
        validations.checkValidations(data, types, custom, store);
        return data;
      } catch (error) {
        throw toWireError(error);
      }
    },

    /** Runs a request that `validate` returned. @throws WireError. */
    execute: (operation: Operation, data: Data): Promise<Data> => refusable(part(operation).action(store, data)),

    /** @throws WireError ResourceNotFoundException. */
    table: (name: string): Promise<TableDescription> => refusable(getTable(name, false)),

    /** Names of all tables. */
    async tableNames(): Promise<string[]> {
      const names: string[] = [];
      let after: string | undefined;
      do {
        const page = await engine.execute("ListTables", engine.validate("ListTables", { ExclusiveStartTableName: after }));
        names.push(...(page.TableNames as string[]));
        after = page.LastEvaluatedTableName as string | undefined;
      } while (after !== undefined);
      return names;
    },

    /** Waits for what is being written, then closes the store. */
    close: (): Promise<void> => store.lifecycleManager.gracefulClose(),
  };

  // A table that was being made, changed or deleted when the process was killed would stay so for ever.
  for (const name of await engine.tableNames()) {
    const table = await engine.table(name);
    if (table.TableStatus === "ACTIVE") continue;
    await putTable(name, { ...table, TableStatus: "ACTIVE" });
    if (table.TableStatus === "DELETING") await engine.execute("DeleteTable", { TableName: name });
  }
  return engine;
}

export type Engine = Awaited<ReturnType<typeof openEngine>>;
