import "server-only";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { singleton } from "#app/server/singleton.ts";
import { awsClientOptions } from "#lib/config/aws.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { createActivityTable } from "#lib/gateways/activity-table.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";

/** Longest wait of a page's read for a backend, milliseconds. */
export const READ_TIMEOUT_MS = 4_000;

/** The backends as read from the environment. @throws ConfigError naming every fault. */
export const backend = () => singleton("backend", () => backendConfig());

/** Postgres, shared by every request. */
export const db = () =>
  singleton("db", () => openDb({ databaseUrl: backend().databaseUrl, applicationName: "spillway-web", poolSize: 5, statementTimeoutMs: READ_TIMEOUT_MS }));

/** Options of every AWS client that a page reads through. */
export const awsOptions = () => awsClientOptions({ region: backend().region, requestTimeoutMs: READ_TIMEOUT_MS, maxAttempts: 2 });

const sqs = () => singleton("sqs", () => new SQSClient(awsOptions()));

/** The main queue. */
export const activityQueue = () => singleton("activityQueue", () => createSqsQueue({ client: sqs(), queueUrl: backend().queueUrl }));

/** The dead-letter queue. */
export const deadLetterQueue = () => singleton("deadLetterQueue", () => createSqsQueue({ client: sqs(), queueUrl: backend().deadLetterQueueUrl }));

/** The table of activities. */
export const activityTable = () =>
  singleton("activityTable", () => createActivityTable({ client: new DynamoDBClient(awsOptions()), table: backend().table }));
