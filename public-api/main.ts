import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { awsClientOptions } from "#lib/config/aws.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { ConfigError } from "#lib/config/parse-env.ts";
import { publicApiConfig } from "#lib/config/public-api.ts";
import { createActivityTable } from "#lib/gateways/activity-table.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createIngestSamples } from "#lib/gateways/ingest-samples.ts";
import { createReadShares } from "#lib/gateways/read-shares.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createUserProgress } from "#lib/gateways/user-progress.ts";
import { BATCHER_LIMITS, createBatcher } from "#lib/services/activity/ingest-batcher.ts";
import { createIngestCounter } from "#lib/services/activity/ingest-counts.ts";
import { createIngestProgress, PROGRESS_EVERY_MS } from "#lib/services/activity/ingest-progress.ts";
import { queueSender } from "#lib/services/activity/ingest-send.ts";
import { createReadBudget } from "#lib/services/activity/read-budget.ts";
import { createKeyRing } from "#lib/services/api-keys/key-ring.ts";
import { createAdmission, SLOW_MS } from "./admission.ts";
import { createKeyRate } from "./key-rate.ts";
import { createLog } from "./log.ts";
import { watchLoopDelay } from "./loop-delay.ts";
import { watchLoopLoad } from "./loop-load.ts";
import { createPublicApi } from "./server.ts";
import { watchQueue } from "./watch-queue.ts";
import { watchRefusals } from "./watch-refusals.ts";

/** One SendMessageBatch call; short, so that a lost answer leaves time to ask again. Milliseconds. */
const SEND_TIMEOUT_MS = 3_000;
/** One Query or DescribeTable; a reader waits for it. Milliseconds. */
const READ_TIMEOUT_MS = 2_000;
/** Connections that wait to be taken: a spike's senders come at once, and one that finds no place here tries again after a second or more. */
const BACKLOG = 2_048;
/** Names the budget of read units that all public API processes share. */
const READ_BUDGET = "open-api";
/** Exit code for a wrong environment (EX_CONFIG of sysexits.h). */
const EXIT_CONFIG = 78;

const log = createLog();
/** Run last in, first out. */
const releasers: (() => Promise<void> | void)[] = [];

async function release(): Promise<void> {
  for (let next = releasers.pop(); next; next = releasers.pop()) {
    try {
      await next();
    } catch (cause) {
      log("error", "release_failed", { error: cause instanceof Error ? cause.message : String(cause) });
    }
  }
}

function after(delayMs: number, action: () => void): () => void {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
}

/** @throws ConfigError naming the faults of all variables, whoever owns them. */
function readConfig() {
  const faults: string[] = [];
  const read = <T>(owner: () => T): T | null => {
    try {
      return owner();
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause;
      faults.push(...cause.faults);
      return null;
    }
  };
  const backend = read(() => backendConfig());
  const config = read(() => publicApiConfig());
  if (!backend || !config) throw new ConfigError(faults);
  return { backend, config };
}

async function start(): Promise<void> {
  const { backend, config } = readConfig();
  log("info", "started", { pid: process.pid, queue: backend.queue });

  const db = openDb({ databaseUrl: backend.databaseUrl, applicationName: "spillway-public-api", poolSize: 2 });
  releasers.push(() => db.$disconnect());

  const processId = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const samples = createIngestSamples({ db, queue: backend.queue });
  const counter = createIngestCounter({
    processId,
    now: Date.now,
    write: (rows) => samples.add(rows),
    report: ({ event, ...fields }) => log("warn", event, fields),
  });
  const flushing = setInterval(() => void counter.flush(), 1_000);
  releasers.push(() => {
    clearInterval(flushing);
    return counter.flush({ all: true });
  });

  const progress = createIngestProgress({
    store: createUserProgress({ db, queue: backend.queue }),
    cap: config.userPendingMax,
    writer: processId,
    now: () => performance.now(),
    report: ({ event, ...fields }) => log(event === "user_progress_saved_again" ? "info" : "warn", event, fields),
  });
  const telling = setInterval(() => void progress.tell(), PROGRESS_EVERY_MS);
  releasers.push(() => {
    clearInterval(telling);
    return progress.tell({ final: true });
  });
  await progress.tell();

  const client = new SQSClient({
    ...awsClientOptions({ region: backend.region, requestTimeoutMs: SEND_TIMEOUT_MS, maxAttempts: 1, maxSockets: BATCHER_LIMITS.callsInFlight }),
    // An eighth of a send's CPU goes into MD5 sums of what TLS has seen to on the way.
    md5: false,
  });
  releasers.push(() => client.destroy());

  const batcher = createBatcher({
    send: watchQueue(queueSender(createSqsQueue({ client, queueUrl: backend.queueUrl })), log),
    clock: { now: Date.now, after },
    random: Math.random,
  });

  const ring = createKeyRing({
    keys: createApiKeys({ db, queue: backend.queue }),
    clock: { now: () => performance.now(), after },
    maxAgeMs: config.keysMaxAgeMs,
    report: ({ event, ...fields }) => log(event === "api_keys_read_again" ? "info" : "warn", event, fields),
  });
  releasers.push(() => ring.stop());
  await ring.start();

  const dynamodb = new DynamoDBClient(awsClientOptions({ region: backend.region, requestTimeoutMs: READ_TIMEOUT_MS, maxAttempts: 1 }));
  releasers.push(() => dynamodb.destroy());
  const table = createActivityTable({ client: dynamodb, table: backend.table });
  const budget = createReadBudget({
    shares: createReadShares({ db, queue: backend.queue, budget: READ_BUDGET }),
    provisioned: async () => (await table.describe()).readUnits,
    share: config.readShare,
    holder: randomUUID(),
    clock: { now: () => performance.now(), after },
    report: ({ event, ...fields }) => log(event === "read_budget_renewed_again" ? "info" : "warn", event, fields),
  });
  releasers.push(() => budget.stop());

  const loopDelay = watchLoopDelay({ lateMs: config.maxLoopDelayMs });
  releasers.push(() => loopDelay.stop());
  const loopLoad = watchLoopLoad();
  releasers.push(() => loopLoad.stop());

  const api = createPublicApi({
    ctx: {
      batcher,
      progress,
      now: Date.now,
      deadlineMs: config.deadlineMs,
      admission: createAdmission({ maxRequests: config.maxRequests, maxBytes: config.maxHeldBytes, isBusy: () => loopLoad.isBusy(), isLate: () => loopDelay.isLate() }),
      count: (verdicts) => counter.count(verdicts),
    },
    reads: {
      table,
      budget,
      now: Date.now,
      report: ({ event, ...fields }) => log("warn", event, fields),
      keyRate: createKeyRate({ perSecond: config.readsPerKeyPerSecond }),
    },
    authenticate: watchRefusals(ring.authenticate, log),
    corsOrigins: config.corsOrigins,
    log,
  });
  await new Promise<void>((resolve, reject) => {
    api.server.once("error", reject).listen({ port: config.port, host: config.host, backlog: BACKLOG }, () => resolve());
  });
  releasers.push(() => api.stop(SLOW_MS + config.deadlineMs + SEND_TIMEOUT_MS));
  const address = api.server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  // Reads that come before it has its part wait for it; nothing else does.
  void budget.start(`${hostname()}:${config.host}:${port}`);
  log("info", "ready", { host: config.host, port });
}

let stopping = false;
function onSignal(signal: NodeJS.Signals): void {
  if (stopping) {
    log("warn", "stopped_at_once", { signal });
    process.exit(1);
  }
  stopping = true;
  log("info", "stopping", { signal });
  void stop();
}

async function stop(): Promise<void> {
  await release();
  log("info", "stopped");
  process.exit(0);
}

process.on("SIGTERM", onSignal);
process.on("SIGINT", onSignal);
try {
  await start();
} catch (cause) {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof ConfigError) {
    process.stderr.write(`${message}\n`);
    process.exit(EXIT_CONFIG);
  }
  const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
  process.stderr.write(`${taken ? "The public API's port is taken by another program (set PUBLIC_API_PORT to another): " : "The public API could not start: "}${message}\n`);
  await release();
  process.exit(1);
}
