import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { awsClientOptions } from "#lib/config/aws.ts";
import type { BackendConfig } from "#lib/config/backend.ts";
import type { SinksConfig } from "#lib/config/sinks.ts";
import type { WorkerConfig } from "#lib/config/worker.ts";
import { createActivityTable } from "#lib/gateways/activity-table.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createDeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";
import { createDrainModes } from "#lib/gateways/drain-modes.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { createFailingMessages } from "#lib/gateways/failing-messages.ts";
import { createIngestSamples } from "#lib/gateways/ingest-samples.ts";
import { createLeaderLease } from "#lib/gateways/leader-lease.ts";
import { createPushFilter } from "#lib/gateways/push-filter.ts";
import { createQueueMetrics } from "#lib/gateways/queue-metrics.ts";
import { createRedriveRuns } from "#lib/gateways/redrive-runs.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createUserProgress } from "#lib/gateways/user-progress.ts";
import { createWorkerMetrics } from "#lib/gateways/worker-metrics.ts";
import { createWorkerRegistry } from "#lib/gateways/worker-registry.ts";
import { countCalls, type OnAwsCall } from "./aws-calls.ts";

/** Longer than the long poll of 20 s. */
const RECEIVE_TIMEOUT_MS = 25_000;
const CALL_TIMEOUT_MS = 5_000;
const DAY_SECONDS = 86_400;

/**
 * Opens every backend of a worker. The lease and the reports have connections of their own, so that no slow look
 * into the ledger can hold up the rate. No AWS client retries by itself: a hidden retry of a write would spend write
 * units that nobody granted, and the worker knows better what to do with the rest.
 */
export function openBackends(backend: BackendConfig, config: WorkerConfig, sinks: Pick<SinksConfig, "filterTable" | "filterDays">, onCall: OnAwsCall = () => {}) {
  const { region, queue } = backend;
  const options = (requestTimeoutMs: number, maxSockets = 64) => awsClientOptions({ region, requestTimeoutMs, maxAttempts: 1, maxSockets });
  const receiving = countCalls(new SQSClient(options(RECEIVE_TIMEOUT_MS)), "sqs", onCall);
  const sqs = countCalls(new SQSClient(options(CALL_TIMEOUT_MS)), "sqs", onCall);
  const dynamodb = countCalls(new DynamoDBClient(options(config.storeTimeoutMs + 1_000, 128)), "dynamodb", onCall);
  // Its own sockets: a slow filter must not keep stores waiting, nor the other way round.
  const filtering = countCalls(new DynamoDBClient(options(CALL_TIMEOUT_MS)), "dynamodb", onCall);
  const cloudwatch = countCalls(new CloudWatchClient(options(CALL_TIMEOUT_MS)), "cloudwatch", onCall);
  // It copies every request and answer for a logger that nobody has given: a twentieth of the worker's CPU.
  for (const client of [receiving, sqs, dynamodb]) client.middlewareStack.remove("loggerMiddleware");
  const paceDb = openDb({ databaseUrl: backend.databaseUrl, applicationName: "spillway-worker", poolSize: 4, statementTimeoutMs: 2_000 });
  const db = openDb({ databaseUrl: backend.databaseUrl, applicationName: "spillway-worker-ledger", poolSize: 5 });

  const receiver = createSqsQueue({ client: receiving, queueUrl: backend.queueUrl });
  const acks = createSqsQueue({ client: sqs, queueUrl: backend.queueUrl });
  return {
    queue: { ...acks, receive: (...call: Parameters<typeof receiver.receive>) => receiver.receive(...call) },
    deadLetterQueue: createSqsQueue({ client: sqs, queueUrl: backend.deadLetterQueueUrl }),
    table: createActivityTable({ client: dynamodb, table: backend.table }),
    pushFilter: createPushFilter({ client: filtering, table: sinks.filterTable, keptSeconds: sinks.filterDays * DAY_SECONDS, now: Date.now }),
    metrics: createWorkerMetrics({ client: cloudwatch, queue }),
    drain: createDrainStore({ db: paceDb, queue }),
    registry: createWorkerRegistry({ db: paceDb, queue }),
    ingestSamples: createIngestSamples({ db, queue }),
    userProgress: createUserProgress({ db, queue }),
    ledger: createDeadLetterLedger({ db, queue }),
    failing: createFailingMessages({ db, queue }),
    runs: createRedriveRuns({ db, queue }),
    lease: createLeaderLease({ db, queue }),
    progressHeal: { progress: createUserProgress({ db, queue }), queue: acks },
    drainMode: {
      drain: createDrainStore({ db, queue }),
      modes: createDrainModes({ db, queue }),
      queue: acks,
      registry: createWorkerRegistry({ db, queue }),
      ingestSamples: createIngestSamples({ db, queue }),
      history: createQueueMetrics({ client: cloudwatch, queue, table: backend.table }),
    },

    async close(): Promise<void> {
      for (const client of [receiving, sqs, dynamodb, filtering, cloudwatch]) client.destroy();
      await Promise.allSettled([paceDb.$disconnect(), db.$disconnect()]);
    },
  };
}
