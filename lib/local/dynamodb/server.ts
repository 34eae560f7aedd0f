import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startJsonServer } from "#lib/local/wire/json-server.ts";
import { WireError } from "#lib/local/wire/wire-error.ts";
import { type ConsumedSecond, createConsumption } from "./consumption.ts";
import { isOperation, openEngine } from "./engine.ts";
import { createFaults } from "./faults.ts";
import { createFront } from "./front.ts";
import { createTableRegistry } from "./table-limits.ts";
import { createTimeToLive } from "./time-to-live.ts";

const TARGET_PREFIX = "DynamoDB_20120810.";
/** DynamoDB keeps up to five minutes of unused capacity (developer guide, "Burst capacity"). */
const BURST_SECONDS = 300;
const SWEEP_EVERY_MS = 60_000;

export interface DynamoDbOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. */
  port: number;
  /** Where tables are kept; absent = memory only. */
  directory?: string;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Seconds of unused units that a table may gather; a fresh table has none. Default 300. */
  burstSeconds?: number;
  /** Stands in ARNs. Default us-east-1. */
  region?: string;
}

export interface LocalDynamoDb {
  url: string;
  port: number;
  /** Seconds with traffic of the last two hours, oldest first. @param sinceSecond epoch seconds. */
  consumed(table: string, sinceSecond?: number): readonly Readonly<ConsumedSecond>[];
  /** Tables and their provisioned units per second; null where a table is on demand. */
  tables(): Promise<{ name: string; writeUnits: number | null; readUnits: number | null }[]>;
  /** Calls by operation since the start. */
  requestCounts(): Record<string, number>;
  /** Deletes all that has expired by time to live. @returns items deleted. */
  sweepExpired(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Starts the DynamoDB stand-in: dynalite's data engine behind a front that enforces provisioned throughput.
 * @throws when the port is taken or the directory is in use by another process.
 */
export async function startDynamoDb({
  host = "127.0.0.1",
  port,
  directory,
  now = Date.now,
  burstSeconds = BURST_SECONDS,
  region = "us-east-1",
}: DynamoDbOptions): Promise<LocalDynamoDb> {
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  const engine = await openEngine({ region, ...(directory !== undefined && { path: join(directory, "items") }) });
  try {
    const timeToLive = await createTimeToLive({ engine, now, ...(directory !== undefined && { file: join(directory, "time-to-live.json") }) });
    const consumption = createConsumption({ now });
    const tables = createTableRegistry({ describe: engine.table, burstSeconds, now });
    const faults = createFaults({ tables });
    const front = createFront({ engine, tables, consumption, now });

    async function handle(operation: string, body: Record<string, unknown>): Promise<object> {
      if (operation === "UpdateTimeToLive") return await timeToLive.update(body);
      if (operation === "DescribeTimeToLive") return await timeToLive.describe(body);
      if (operation === "SpillwaySetFaults") return faults.set(body);
      if (!isOperation(operation)) {
        throw new WireError({ type: "com.amazon.coral.service#UnknownOperationException", message: `This stand-in has no ${operation}.` });
      }
      const valid = engine.validate(operation, body);
      await faults.check(operation, valid);
      const answer = await front(operation, valid);
      if (operation === "DeleteTable") await timeToLive.drop(String(body.TableName));
      return answer;
    }

    const server = await startJsonServer({
      host,
      port,
      targetPrefix: TARGET_PREFIX,
      handle,
      inspect(url) {
        if (url.pathname === "/") return { healthy: true };
        if (url.pathname === "/_spillway/requests") return { requests: server.requestCounts() };
        const table = url.searchParams.get("table");
        if (url.pathname !== "/_spillway/consumed" || table === null) return undefined;
        return { table, seconds: consumption.of(table, Number(url.searchParams.get("since") ?? "0")) };
      },
    });

    let sweeping: Promise<unknown> | null = null;
    const sweepTimer = setInterval(() => {
      // A step that fails has moved no cursor; the next one comes to the same items.
      sweeping ??= timeToLive
        .sweepStep()
        .catch(() => undefined)
        .finally(() => {
          sweeping = null;
        });
    }, SWEEP_EVERY_MS);
    sweepTimer.unref();

    return {
      url: server.url,
      port: server.port,
      consumed: (table, sinceSecond) => consumption.of(table, sinceSecond),
      async tables() {
        const described = await Promise.all((await engine.tableNames()).map((name) => engine.table(name)));
        return described.map((table) => {
          const units = table.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST" ? undefined : table.ProvisionedThroughput;
          return { name: table.TableName, writeUnits: units?.WriteCapacityUnits ?? null, readUnits: units?.ReadCapacityUnits ?? null };
        });
      },
      requestCounts: () => server.requestCounts(),
      sweepExpired: () => timeToLive.sweep(),
      async close() {
        clearInterval(sweepTimer);
        await server.close();
        await sweeping;
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
