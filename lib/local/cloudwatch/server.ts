import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startJsonServer } from "#lib/local/wire/json-server.ts";
import { WireError } from "#lib/local/wire/wire-error.ts";
import { getMetricData } from "./get-metric-data.ts";
import { getMetricStatistics } from "./get-metric-statistics.ts";
import { listMetrics } from "./list-metrics.ts";
import type { Datum } from "./metric.ts";
import { openJournal, readJournal } from "./metric-journal.ts";
import { createMetricStore, RETENTION_SECONDS } from "./metric-store.ts";
import { readPutMetricData } from "./put-metric-data.ts";

const TARGET_PREFIX = "GraniteServiceVersion20100801.";

export interface CloudWatchOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. */
  port: number;
  /** Where metrics are kept; absent = memory only. */
  directory?: string;
  /** Epoch milliseconds. */
  now?: () => number;
}

export interface LocalCloudWatch {
  url: string;
  port: number;
  /** Takes a datum as AWS's own services put theirs, so also into AWS/ namespaces. */
  record(datum: Datum): void;
  /** Calls by operation since the start. */
  requestCounts(): Record<string, number>;
  /** @throws when what was recorded could not be written. */
  close(): Promise<void>;
}

/**
 * Starts the CloudWatch stand-in: metrics put, read and listed, in AWS JSON 1.0; no alarms, no dashboards, no math.
 * @throws when the port is taken or the kept metrics cannot be read.
 */
export async function startCloudWatch({ host = "127.0.0.1", port, directory, now = Date.now }: CloudWatchOptions): Promise<LocalCloudWatch> {
  const store = createMetricStore({ now });

  async function restore(into: string) {
    await mkdir(into, { recursive: true });
    const file = join(into, "metrics.ndjson");
    const oldest = now() / 1000 - RETENTION_SECONDS;
    for await (const datum of readJournal(file)) if (datum.second >= oldest) store.put(datum);
    return await openJournal({ file, kept: store.dump() });
  }

  function take(data: readonly Datum[]): void {
    for (const datum of data) {
      store.put(datum);
      journal?.add(datum);
    }
  }

  async function handle(operation: string, body: Record<string, unknown>): Promise<object> {
    switch (operation) {
      case "PutMetricData":
        take(readPutMetricData(body, now()));
        await journal?.flush();
        return {};
      case "GetMetricData":
        return getMetricData(store, body);
      case "GetMetricStatistics":
        return getMetricStatistics(store, body);
      case "ListMetrics":
        return listMetrics(store, body, now());
      default:
        throw new WireError({ type: "com.amazon.coral.service#UnknownOperationException", message: `This stand-in has no ${operation}.` });
    }
  }

  // The port first: it is the sign that no other process writes the same file.
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  const server = await startJsonServer({
    host,
    port,
    targetPrefix: TARGET_PREFIX,
    async handle(operation, body) {
      await ready.promise;
      return await handle(operation, body);
    },
    inspect(url) {
      if (url.pathname === "/") return { healthy: true };
      return url.pathname === "/_spillway/requests" ? { requests: server.requestCounts() } : undefined;
    },
  });
  let journal: Awaited<ReturnType<typeof openJournal>> | undefined;
  try {
    if (directory !== undefined) journal = await restore(directory);
    ready.resolve();
  } catch (error) {
    ready.reject(error);
    await server.close();
    throw error;
  }

  return {
    url: server.url,
    port: server.port,
    record(datum) {
      take([datum]);
      // A failed write stays in the journal and is told at the next put and at close.
      journal?.flush().catch(() => undefined);
    },
    requestCounts: () => server.requestCounts(),
    async close() {
      await server.close();
      await journal?.close();
    },
  };
}
