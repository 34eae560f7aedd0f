import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { awsClientOptions } from "#lib/config/aws.ts";
import { MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { SQS_BATCH_ENTRIES } from "#lib/gateways/sqs-queue.ts";
import { answerParent } from "./asked-child.ts";
import { type Load, type LoadRequest, USERS } from "./ingest-protocol.ts";
import { type Came, createTally } from "./ingest-tally.ts";
import { createWireClient, type WireAnswer } from "./wire-client.ts";

/**
 * Entry of a child: a closed loop of senders, over HTTP to the public API or by bare SDK calls to SQS. Each sends the
 * next when it has the answer to the last. Activities, about 300 bytes each as a message, are of users drawn at random.
 */
const OCCURRED_AT = "2026-01-01T00:00:00.000Z";
/** Makes a message of about 300 bytes. */
const PROPERTIES = JSON.stringify({ path: "/bench", padding: "x".repeat(60) });
/** A pause after a connection that broke, milliseconds: a server that is gone must not make a busy loop. */
const BROKEN_PAUSE_MS = 100;
/** Clients that were refused together do not come back together: up to so much more than they are told to wait. */
const RETRY_JITTER = 0.25;

const run = randomUUID().slice(0, 8);
const groupIds = Array.from({ length: USERS }, (_, user) => userHash(`bench-user-${user}`));
let made = 0;
const draw = () => Math.floor(Math.random() * USERS);

const tally = createTally();
let stopping = new AbortController();
let lanes: Promise<unknown> = Promise.resolve();

/** The text of an activity as a producer sends it. */
function activity(user: number): string {
  made += 1;
  return `{"id":"${run}-${made}","userId":"bench-user-${user}","type":"bench.view","occurredAt":"${OCCURRED_AT}","properties":${PROPERTIES}}`;
}

/** One request, head and body. All of it is ASCII, so that characters are bytes. */
function requestText({ activitiesPerRequest, apiKey }: Extract<Load, { kind: "http" }>): string {
  const body = activitiesPerRequest === 1 ? activity(draw()) : `[${Array.from({ length: activitiesPerRequest }, () => activity(draw())).join(",")}]`;
  return `POST /v1/activities HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const BROKEN = { outcome: "failed", accepted: 0 } as const;

function cameOf({ status, body }: WireAnswer, activities: number): Omit<Came, "latencyMs"> {
  if (status === 202) return { outcome: "accepted", accepted: activities };
  if (status === 207) return { outcome: "failed", accepted: body.toString().split('"status":"accepted"').length - 1 };
  return { outcome: status === 429 ? "refused" : "failed", accepted: 0 };
}

/** @param answered called at each answer, or when there will be none. */
async function httpLane(load: Extract<Load, { kind: "http" }>, answered: () => void): Promise<void> {
  const { signal } = stopping;
  const client = createWireClient(load.port);
  const pause = async (milliseconds: number) => await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    const text = requestText(load);
    const fromMs = performance.now();
    const answer = await client.exchange(text).catch(() => null);
    const came = answer === null ? BROKEN : cameOf(answer, load.activitiesPerRequest);
    tally.note({ ...came, latencyMs: performance.now() - fromMs });
    answered();
    if (answer === null) await pause(BROKEN_PAUSE_MS);
    else if (came.outcome === "refused" && load.obeysRetryAfter) await pause(answer.retryAfterSeconds * 1000 * (1 + Math.random() * RETRY_JITTER));
  }
  client.close();
}

/** What the public API would send for an activity, with an id in place of its hash. */
function message() {
  const user = draw();
  made += 1;
  const id = `${run}-${made}`;
  const content = { id, userId: `bench-user-${user}`, type: "bench.view", occurredAt: OCCURRED_AT, properties: PROPERTIES };
  return { MessageBody: JSON.stringify({ v: MESSAGE_VERSION, acceptedAt: OCCURRED_AT, activity: content }), MessageGroupId: groupIds[user], MessageDeduplicationId: id };
}

async function sdkLane(client: SQSClient, { queueUrl: QueueUrl, batch }: Extract<Load, { kind: "sdk" }>): Promise<void> {
  const { signal } = stopping;
  while (!signal.aborted) {
    const fromMs = performance.now();
    if (batch) {
      const Entries = Array.from({ length: SQS_BATCH_ENTRIES }, (_, position) => ({ Id: String(position), ...message() }));
      const { Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      tally.note({ outcome: Successful.length === Entries.length ? "accepted" : "failed", accepted: Successful.length, latencyMs: performance.now() - fromMs });
    } else {
      await client.send(new SendMessageCommand({ QueueUrl, ...message() }));
      tally.note({ outcome: "accepted", accepted: 1, latencyMs: performance.now() - fromMs });
    }
  }
}

/** Starts the loops; over HTTP it resolves when each has had an answer. */
async function start(load: Load): Promise<void> {
  stopping = new AbortController();
  if (load.kind === "http") {
    // A loop at work takes few new connections in each turn: what is measured is requests, once all of them are there.
    const firsts = Array.from({ length: load.connections }, () => Promise.withResolvers<void>());
    lanes = Promise.all(firsts.map(({ resolve }) => httpLane(load, resolve)));
    await Promise.all(firsts.map(({ promise }) => promise));
    return;
  }
  const client = new SQSClient(awsClientOptions({ region: load.region, requestTimeoutMs: 25_000, maxAttempts: 1, maxSockets: load.concurrency }));
  lanes = Promise.all(Array.from({ length: load.concurrency }, () => sdkLane(client, load))).finally(() => client.destroy());
  // A fault is met at the stop; until then it must not count as unhandled.
  lanes.catch(() => undefined);
}

async function answer(request: LoadRequest): Promise<unknown> {
  if (request.op === "start") return await start(request);
  if (request.op === "measure") {
    tally.reset();
    const used = process.cpuUsage();
    await sleep(request.seconds * 1000);
    const { user, system } = process.cpuUsage(used);
    return { ...tally.measured(), cpuMs: (user + system) / 1000 };
  }
  stopping.abort();
  await lanes;
  return tally.total;
}

answerParent(answer);
