import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { startStack } from "#infra/testing/stack.ts";
import { MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, userHash } from "#lib/domain/activity-key.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { SQS_BATCH_ENTRIES } from "#lib/gateways/sqs-queue.ts";
import { answerParent } from "./asked-child.ts";
import { startFarRelay } from "./far-relay.ts";
import type { BackendsRequest, QueueCounts } from "./worker-protocol.ts";

/**
 * Entry of a child: every stand-in of the worker's bench, in a process of its own, so that what is measured has its
 * own. Answers requests of its parent over IPC and ends with it.
 */
const TABLE_WCU = 40_000;
/** Far over what any contender can do here: the guard and the table leave all of them unthrottled. */
const DIAL_WCU = 1_000_000;
/** Makes a body of about 300 bytes. */
const PADDING = "x".repeat(60);
const FILL_CHUNK = 5_000;

const stack = await startStack({ tableWriteUnits: TABLE_WCU });
const relays: { close(): Promise<void> }[] = [];
const db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "spillway-bench" });

function activityOf(number: number, users: number) {
  const occurredAt = new Date(Date.UTC(2026, 0, 1) + number).toISOString();
  return { id: `bench-${number}`, userId: `bench-user-${number % users}`, type: "bench.view", occurredAt, properties: JSON.stringify({ path: "/bench", padding: PADDING }) };
}

/** Puts messages straight into the engine: over HTTP a million of them would take minutes. */
async function fill(name: string, messages: number, users: number): Promise<void> {
  const bodyOf = (number: number) => {
    const activity = activityOf(number, users);
    const body = JSON.stringify({ v: MESSAGE_VERSION, acceptedAt: activity.occurredAt, activity });
    return { body, groupId: userHash(activity.userId), deduplicationId: deduplicationId(activity), attributes: null };
  };
  for (let at = 0; at < messages; at += SQS_BATCH_ENTRIES) {
    const size = Math.min(SQS_BATCH_ENTRIES, messages - at);
    const outcomes = stack.sqs.engine.apply("send", { queue: name, entries: Array.from({ length: size }, (_, offset) => bodyOf(at + offset)) }, Date.now());
    if (!outcomes.every((one) => one.ok && !one.duplicate)) throw new Error(`a message of ${name} was refused`);
    if (at % FILL_CHUNK === 0) await new Promise((done) => setImmediate(done));
  }
}

/** The environment of a process that is a round trip away from SQS and DynamoDB. */
async function farEnv(queueUrl: string, roundTripMs: number): Promise<Record<string, string>> {
  if (roundTripMs === 0) return { ...stack.env, ACTIVITY_QUEUE_URL: queueUrl };
  const [sqs, dynamodb] = await Promise.all([stack.sqs.url, stack.dynamodb.url].map((url) => startFarRelay({ url, roundTripMs })));
  if (!sqs || !dynamodb) throw new Error("no relay was started");
  relays.push(sqs, dynamodb);
  const far = queueUrl.replace(new URL(queueUrl).origin, sqs.url);
  return { ...stack.env, ACTIVITY_QUEUE_URL: far, AWS_ENDPOINT_URL_SQS: sqs.url, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url };
}

async function queue({ name, messages, users, roundTripMs }: Extract<BackendsRequest, { op: "queue" }>): Promise<Record<string, string>> {
  const high = { FifoQueue: "true", DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId", VisibilityTimeout: "30" };
  await stack.clients.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: high }));
  await fill(name, messages, users);
  const drain = createDrainStore({ db, queue: name });
  await drain.ensure();
  const { version } = await drain.read();
  const { outcome } = await drain.change({ rateWcuPerSecond: DIAL_WCU, expectedVersion: version, actor: "bench" });
  if (outcome !== "changed") throw new Error("somebody else changed the dial");
  return await farEnv(stack.sqs.queueUrl(name), roundTripMs);
}

function counts(name: string): QueueCounts {
  const { deleted, received, visible, inFlight } = stack.sqs.engine.figures(name, Date.now());
  const throttles = stack.dynamodb.consumed(stack.backend.table).reduce((sum, second) => sum + second.throttledWrites, 0);
  return { atMs: performance.now(), deleted, received, left: visible + inFlight, sqs: stack.sqs.requestCounts(), dynamodb: stack.dynamodb.requestCounts(), throttles };
}

async function answer(request: BackendsRequest): Promise<unknown> {
  if (request.op === "queue") return await queue(request);
  if (request.op === "counts") return counts(request.name);
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
  stack.sqs.engine.apply("deleteQueue", { queue: request.name }, Date.now());
  return null;
}

async function close(): Promise<void> {
  await db.$disconnect();
  await stack.close();
}

answerParent(answer, close);
