import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteMessageBatchCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "#infra/spike/source.ts";
import { awsClientOptions } from "#lib/config/aws.ts";
import type { FaultRule, Json, Service } from "./faults.ts";
import { startFaultProxy, type WireCall } from "./proxy.ts";

const KEYS = { accessKeyId: "local", secretAccessKey: "local" };
const closers: (() => Promise<unknown> | void)[] = [];

/** A stand-in that takes all and keeps what it was asked. */
let asked: { target: string; body: Json }[] = [];
let standInUrl = "";

beforeEach(async () => {
  asked = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const body = JSON.parse(text) as Json;
      asked.push({ target: String(request.headers["x-amz-target"]), body });
      const entries = (body.Entries ?? []) as { Id: string }[];
      response.end(JSON.stringify({ Successful: entries.map(({ Id }) => ({ Id, MessageId: `m${Id}` })) }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => void server.close());
  standInUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function proxyFor(service: Service, rules: readonly FaultRule[]) {
  const calls: WireCall[] = [];
  const proxy = await startFaultProxy({ service, target: standInUrl, random: seededRandom(7), onCall: (call) => calls.push(call) });
  closers.push(() => proxy.close());
  proxy.set(rules);
  const options = { ...awsClientOptions({ region: "us-east-1", requestTimeoutMs: 300, maxAttempts: 1 }), endpoint: proxy.url, credentials: KEYS, userAgentAppId: "tester" };
  return { proxy, calls, sqs: new SQSClient(options), dynamodb: new DynamoDBClient(options) };
}

const entries = (body: unknown) => (body ?? []) as { Id: string }[];
const ENTRIES = Array.from({ length: 10 }, (_, position) => ({ Id: String(position), ReceiptHandle: `handle-${position}` }));
const deleteAll = () => new DeleteMessageBatchCommand({ QueueUrl: "http://127.0.0.1/0/q.fifo", Entries: ENTRIES });
const put = () => new PutItemCommand({ TableName: "t", Item: { userId: { S: "u" } } });

test("without rules a call passes through, and is told of with its caller's name", async () => {
  const { sqs, calls } = await proxyFor("sqs", []);
  const answer = await sqs.send(deleteAll());
  expect(answer.Successful).toHaveLength(10);
  expect(calls.map(({ stage, operation, client }) => [stage, operation, client])).toEqual([
    ["asked", "DeleteMessageBatch", "tester"],
    ["acted", "DeleteMessageBatch", "tester"],
  ]);
});

test("a reset and a hang are not passed on", async () => {
  const { proxy, sqs } = await proxyFor("sqs", [{ service: "sqs", kind: "reset", rate: 1 }]);
  await expect(sqs.send(deleteAll())).rejects.toMatchObject({ code: "ECONNRESET" });
  proxy.set([{ service: "sqs", kind: "hang", rate: 1 }]);
  await expect(sqs.send(deleteAll())).rejects.toMatchObject({ name: "TimeoutError" });
  expect(asked).toEqual([]);
  expect(proxy.counts()).toEqual({ reset: 1, hang: 1 });
});

test("of a lost answer the act is done", async () => {
  const { dynamodb, calls } = await proxyFor("dynamodb", [{ service: "dynamodb", kind: "lost_answer", rate: 1 }]);
  await expect(dynamodb.send(put())).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(asked).toHaveLength(1);
  expect(calls.at(-1)).toMatchObject({ stage: "acted", fault: "lost_answer" });
});

test("5xx and throttles are read by the SDK as the service's own", async () => {
  const { proxy, dynamodb } = await proxyFor("dynamodb", [{ service: "dynamodb", kind: "throttle", rate: 1 }]);
  await expect(dynamodb.send(put())).rejects.toMatchObject({
    name: "ProvisionedThroughputExceededException",
    ThrottlingReasons: [expect.objectContaining({ reason: "TableWriteProvisionedThroughputExceeded" })],
  });
  proxy.set([{ service: "dynamodb", kind: "error_5xx", rate: 1, operations: ["PutItem"] }]);
  await expect(dynamodb.send(put())).rejects.toSatisfy((error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode >= 500);
  expect(asked).toEqual([]);
});

test("a partial batch passes on what is left and fails the rest in a 200", async () => {
  const { sqs } = await proxyFor("sqs", [{ service: "sqs", kind: "partial", rate: 0.5 }]);
  const answer = await sqs.send(deleteAll());
  const passed = entries(asked[0]?.body.Entries).map(({ Id }) => Id);
  expect(answer.Successful?.map(({ Id }) => Id)).toEqual(passed);
  expect(answer.Failed?.length).toBeGreaterThan(0);
  expect(new Set([...passed, ...(answer.Failed ?? []).map(({ Id }) => Id)])).toEqual(new Set(ENTRIES.map(({ Id }) => Id)));
  expect(passed.length + (answer.Failed?.length ?? 0)).toBe(ENTRIES.length);
});

test("a batch of which nothing is left is not passed on", async () => {
  const { sqs } = await proxyFor("sqs", [{ service: "sqs", kind: "partial", rate: 1 }]);
  const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: "http://127.0.0.1/0/q.fifo", Entries: [{ Id: "0", MessageBody: "x" }] }));
  expect(answer.Failed).toMatchObject([{ Id: "0", SenderFault: false }]);
  expect(asked).toEqual([]);
});

test("unprocessed puts come back and are not passed on", async () => {
  const { dynamodb } = await proxyFor("dynamodb", [{ service: "dynamodb", kind: "unprocessed", rate: 0.5 }]);
  const puts = Array.from({ length: 10 }, (_, number) => ({ PutRequest: { Item: { userId: { S: `u${number}` } } } }));
  const answer = await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { t: puts } }));
  const back = answer.UnprocessedItems?.t?.length ?? 0;
  expect(back).toBeGreaterThan(0);
  expect(asked[0]?.body.RequestItems).toEqual({ t: expect.objectContaining({ length: 10 - back }) as unknown });
});

test("the same seed draws the same faults", async () => {
  const drawn = async () => {
    const { sqs } = await proxyFor("sqs", [{ service: "sqs", kind: "partial", rate: 0.5 }]);
    return (await sqs.send(deleteAll())).Failed?.map(({ Id }) => Id);
  };
  expect(await drawn()).toEqual(await drawn());
});
