import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { SQSClient, CreateQueueCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { awsClientOptions } from "#lib/config/aws.ts";
import { ingestProblemSchema, ingestResponseSchema } from "#lib/contracts/ingest.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";
import { createSqsQueue, type SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { startSqs } from "#lib/local/sqs/server.ts";
import { BATCHER_LIMITS, type BatcherLimits, createBatcher } from "#lib/services/activity/ingest-batcher.ts";
import { queueSender } from "#lib/services/activity/ingest-send.ts";
import { createAdmission } from "./admission.ts";
import { createPublicApi, type PublicApi } from "./server.ts";

let sqs: Awaited<ReturnType<typeof startSqs>>;
let client: SQSClient;
let queue: SqsQueue;
let api: PublicApi;
let url: string;

const clientAt = (endpoint: string, requestTimeoutMs: number) =>
  new SQSClient({
    ...awsClientOptions({ region: "us-east-1", requestTimeoutMs, maxAttempts: 1 }),
    endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });

/** The API over a queue, listening. */
async function startApi(over: SqsQueue, deadlineMs: number, limits: Partial<BatcherLimits> = {}): Promise<{ api: PublicApi; url: string }> {
  const batcher = createBatcher({
    send: queueSender(over),
    clock: {
      now: Date.now,
      after: (delayMs, action) => {
        const timer = setTimeout(action, delayMs);
        return () => clearTimeout(timer);
      },
    },
    random: () => 0,
    limits: { ...BATCHER_LIMITS, ...limits },
  });
  const admission = createAdmission({ maxRequests: 100, maxBytes: 64_000_000 });
  const made = createPublicApi({ ctx: { batcher, now: Date.now, deadlineMs, admission, count: () => undefined }, authenticate: () => ({ ok: true, keyId: "AAAAAAAAAAAA" }), log: () => undefined });
  await once(made.server.listen(0, "127.0.0.1"), "listening");
  return { api: made, url: `http://127.0.0.1:${(made.server.address() as AddressInfo).port}/v1/activities` };
}

beforeEach(async () => {
  sqs = await startSqs({ port: 0 });
  client = clientAt(sqs.url, 2_000);
  const made = await client.send(new CreateQueueCommand({ QueueName: "activities.fifo", Attributes: { FifoQueue: "true" } }));
  queue = createSqsQueue({ client, queueUrl: made.QueueUrl ?? "" });
  ({ api, url } = await startApi(queue, 5_000));
});

afterEach(async () => {
  await api.stop(0);
  client.destroy();
  await sqs.close();
});

const post = (body: unknown, to = url) => fetch(to, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
const activity = (userId: string, id: string, more: object = {}) => ({ id, userId, type: "t", occurredAt: "2026-01-31T12:00:00Z", ...more });

/** Takes everything off the queue, as a worker does. */
async function drain() {
  const taken: { userId: string; id: string; occurredAt: string; properties: string | undefined }[] = [];
  for (;;) {
    const messages = await queue.receive({ maxMessages: 10, waitSeconds: 0, visibilitySeconds: 30, attemptId: crypto.randomUUID() });
    if (messages.length === 0) return taken;
    for (const message of messages) {
      const read = parseMessageBody(message.body);
      if (read.kind !== "activity") throw new Error(read.error);
      const { userId, id, occurredAt, properties } = read.message.activity;
      taken.push({ userId, id, occurredAt, properties });
    }
    await queue.deleteBatch(messages.map((message) => message.receiptHandle));
  }
}

describe("ingest into SQS", () => {
  it("puts every accepted activity of concurrent requests into the queue, one user's in order, in shared calls", async () => {
    // However slowly this machine takes them in, those that come together wait for one another.
    const over = await startApi(queue, 5_000, { lingerMs: 200 });
    const requests = Array.from({ length: 100 }, (_, request) => post([0, 1].map((n) => activity(`user of ${request}`, `${request}.${n}`)), over.url));
    for (const response of await Promise.all(requests)) {
      expect(response.status).toBe(202);
      expect(ingestResponseSchema.parse(await response.json()).results.every((one) => one.status === "accepted")).toBe(true);
    }
    await over.api.stop(0);
    // A hundred, were they not shared; twenty, were all of them full.
    expect(sqs.requestCounts().SendMessageBatch).toBeLessThan(requests.length / 2);
    const taken = await drain();
    expect(taken).toHaveLength(200);
    for (const user of new Set(taken.map((one) => one.userId))) {
      const places = taken.filter((one) => one.userId === user).map((one) => Number(one.id.split(".")[1]));
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  it("queues a retried activity once, and one that differs in time or content again", async () => {
    for (const sent of [activity("u", "1"), activity("u", "1"), activity("u", "1", { occurredAt: "2026-01-31T12:00:01Z" }), activity("u", "1", { properties: {} })]) {
      expect((await post(sent)).status).toBe(202);
    }
    expect((await drain()).map((one) => [one.occurredAt, one.properties])).toEqual([
      ["2026-01-31T12:00:00.000Z", undefined],
      ["2026-01-31T12:00:01.000Z", undefined],
      ["2026-01-31T12:00:00.000Z", "{}"],
    ]);
  });

  it("carries numbers, odd characters and the largest activity unharmed", async () => {
    const properties = '{"n":12345678901234567890.10,"s":"\\u0000 \u{1F600} \\\\ \\" \u2028","long":"LONG"}';
    const body = `{"id":"1","userId":"Ωμέγα \u{1F600}","type":"t","occurredAt":"2026-01-31T12:00:00Z","properties":${properties}}`;
    const filled = body.replace("LONG", '\\"'.repeat((65_536 - Buffer.byteLength(body) + 4) / 2));
    const response = await fetch(url, { method: "POST", body: filled, headers: { "Content-Type": "application/json" } });
    expect(response.status).toBe(202);
    const [taken] = await drain();
    expect(taken?.userId).toBe("Ωμέγα \u{1F600}");
    expect(filled).toContain(`"properties":${taken?.properties}}`);
  });

  it("claims nothing while SQS is away: 503 and not_sent", async () => {
    await sqs.close();
    const response = await post([activity("u", "1"), activity("v", "2"), { bad: true }]);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    const problem = ingestProblemSchema.parse(await response.json());
    expect(problem.results?.map((one) => one.status)).toEqual(["not_sent", "not_sent", "refused"]);
    sqs = await startSqs({ port: 0 });
  });

  it("calls unknown what was sent to an SQS that never answers, by the deadline", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const deaf = clientAt(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, 200);
    const over = await startApi(createSqsQueue({ client: deaf, queueUrl: queue.queueUrl }), 500);
    try {
      const startedAt = performance.now();
      const response = await post([activity("u", "1")], over.url);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(response.status).toBe(503);
      expect(ingestProblemSchema.parse(await response.json()).results).toMatchObject([{ status: "unknown", id: "1" }]);
    } finally {
      await over.api.stop(0);
      deaf.destroy();
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});
