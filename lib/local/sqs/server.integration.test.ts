import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { ARN } from "./testing/engine-fixture.ts";
import { type SqsServer, startSqs } from "./server.ts";

const releasers: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releasers.splice(0).toReversed()) await release();
});

function clientOf(endpoint: string): SQSClient {
  const client = new SQSClient({ endpoint, region: "us-east-1", maxAttempts: 1, credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  releasers.push(() => client.destroy());
  return client;
}

async function createQueue(client: SQSClient, QueueName: string, more: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: "true", ...more } }));
  return QueueUrl ?? "";
}

async function start(options: { directory?: string; visibilitySeconds?: number } = {}) {
  const server: SqsServer = await startSqs({ port: 0, ...(options.directory !== undefined && { directory: options.directory }) });
  releasers.push(() => server.close());
  const client = clientOf(server.url);
  const queueUrl = await createQueue(client, "q.fifo", { VisibilityTimeout: String(options.visibilitySeconds ?? 30) });
  return { server, client, queueUrl, queue: createSqsQueue({ client, queueUrl }) };
}

const message = (groupId: string, body: string) => ({ groupId, body, deduplicationId: `${groupId}-${body}` });
const receiving = { maxMessages: 10, visibilitySeconds: 30, attemptId: "a" };
const waiting = (server: SqsServer) => vi.waitFor(() => expect(server.requestCounts().ReceiveMessage).toBeGreaterThan(0), { interval: 5 });

describe("the SQS stand-in and the AWS SDK", () => {
  it("send, receive, hold and delete through the queue gateway, with checksums that the SDK checks", async () => {
    const { queue } = await start();
    const odd = { ...message("g", "1"), body: "one ü \u{1F600}", attributes: { "spillway.reason": "text" } };
    const sent = await queue.sendBatch([odd, { ...message("g", "2"), body: "\uFFFF" }, message("g", "two")]);
    expect(sent.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(sent[1]).toMatchObject({ code: "InvalidMessageContents", senderFault: true });
    expect(await queue.attributes()).toMatchObject({ visible: 2, inFlight: 0, visibilityTimeoutSeconds: 30 });
    const got = await queue.receive({ ...receiving, waitSeconds: 0 });
    expect(got).toMatchObject([
      { body: "one ü \u{1F600}", groupId: "g", receiveCount: 1, attributes: { "spillway.reason": "text" } },
      { body: "two", attributes: {} },
    ]);
    expect(await queue.receive({ ...receiving, waitSeconds: 0 })).toEqual(got);
    const [one, two] = got.map(({ receiptHandle }) => receiptHandle);
    expect(await queue.changeVisibilityBatch([{ receiptHandle: two ?? "", visibilitySeconds: 0 }, { receiptHandle: "rubbish", visibilitySeconds: 0 }])).toEqual(
      new Map([[1, "ReceiptHandleIsInvalid"]]),
    );
    expect(await queue.deleteBatch([one ?? "", two ?? ""])).toEqual(new Map([[1, "ReceiptHandleIsInvalid"]]));
    expect(await queue.attributes()).toMatchObject({ visible: 1, inFlight: 0 });
  });

  it("checks binary and text attributes by their checksum", async () => {
    const { client, queueUrl } = await start();
    const MessageAttributes = { bytes: { DataType: "Binary", BinaryValue: Buffer.from([0, 255]) }, text: { DataType: "String", StringValue: "ä" } };
    const sent = await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "b", MessageGroupId: "g", MessageDeduplicationId: "d", MessageAttributes }));
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MessageAttributeNames: ["All"] }));
    expect(Messages?.[0]?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
    expect(Buffer.from(Messages?.[0]?.MessageAttributes?.bytes?.BinaryValue ?? [])).toEqual(Buffer.from([0, 255]));
    expect(Messages?.[0]?.Attributes).toBeUndefined();
  });

  it("names errors as AWS does", async () => {
    const { client, queueUrl: QueueUrl } = await start();
    const nameOf = (sending: Promise<unknown>) => sending.then(() => "none", (error: Error) => error.name);
    const entry = { MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "d" };
    const batch = (...ids: string[]) => nameOf(client.send(new SendMessageBatchCommand({ QueueUrl, Entries: ids.map((Id) => Object.assign({ Id }, entry)) })));
    expect(await batch()).toBe("EmptyBatchRequest");
    expect(await batch("a", "a")).toBe("BatchEntryIdsNotDistinct");
    expect(await batch("a b")).toBe("InvalidBatchEntryId");
    expect(await batch(..."abcdefghijk".split(""))).toBe("TooManyEntriesInBatchRequest");
    const half = { ...entry, MessageBody: "x".repeat(600_000) };
    const long = new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "a", ...half }, { Id: "b", ...half }] });
    expect(await nameOf(client.send(long))).toBe("BatchRequestTooLong");
    expect(await nameOf(client.send(new SendMessageCommand({ QueueUrl, ...entry, MessageBody: "\uFFFE" })))).toBe("InvalidMessageContents");
    expect(await nameOf(client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })))).toBe("MissingParameter");
    expect(await nameOf(client.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}x`, ...entry })))).toBe("QueueDoesNotExist");
    expect(await nameOf(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "x" })))).toBe("ReceiptHandleIsInvalid");
    await client.send(new SendMessageCommand({ QueueUrl, ...entry }));
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
    expect(await nameOf(client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 9 })))).toBe("MessageNotInflight");
    expect(await nameOf(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })))).toBe("InvalidParameterValue");
    const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [{ Id: "a", ReceiptHandle }] }));
    expect(Failed).toMatchObject([{ Id: "a", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
  });

  it("lists queues and dead-letter sources, and moves messages back", async () => {
    const { client, queue, queueUrl } = await start({ visibilitySeconds: 0 });
    const deadUrl = await createQueue(client, "dead.fifo");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: ARN("dead.fifo"), maxReceiveCount: "1" });
    const sourceUrl = await createQueue(client, "source.fifo", { RedrivePolicy, VisibilityTimeout: "0" });
    expect((await client.send(new ListQueuesCommand({}))).QueueUrls).toEqual([queueUrl, deadUrl, sourceUrl]);
    expect((await client.send(new GetQueueUrlCommand({ QueueName: "dead.fifo" }))).QueueUrl).toBe(deadUrl);
    expect((await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadUrl }))).queueUrls).toEqual([sourceUrl]);
    await createSqsQueue({ client, queueUrl: sourceUrl }).sendBatch([message("g", "poison")]);
    const receive = () => client.send(new ReceiveMessageCommand({ QueueUrl: sourceUrl }));
    await receive();
    expect((await receive()).Messages).toBeUndefined();
    const { TaskHandle } = await client.send(new StartMessageMoveTaskCommand({ SourceArn: ARN("dead.fifo"), DestinationArn: ARN("q.fifo") }));
    expect(await queue.receive({ ...receiving, waitSeconds: 5 })).toMatchObject([{ body: "poison" }]);
    const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: ARN("dead.fifo") }));
    expect(Results).toMatchObject([{ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1 }]);
    await expect(client.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toThrow("Only active tasks");
  });
});

describe("long polls", () => {
  it("are woken by a send, and by a group that is unlocked", async () => {
    const { server, queue } = await start();
    const first = queue.receive({ ...receiving, waitSeconds: 20 });
    await waiting(server);
    await queue.sendBatch([message("g", "1"), message("g", "2")]);
    const [one, two] = await first;
    expect([one?.body, two?.body]).toEqual(["1", "2"]);
    const second = queue.receive({ ...receiving, attemptId: "b", waitSeconds: 20 });
    await vi.waitFor(() => expect(server.requestCounts().ReceiveMessage).toBe(2), { interval: 5 });
    await queue.sendBatch([message("g", "3")]);
    await queue.deleteBatch([one?.receiptHandle ?? "", two?.receiptHandle ?? ""]);
    expect(await second).toMatchObject([{ body: "3" }]);
  });

  it("are woken when a visibility ends, also one that began after the poll", async () => {
    const { server, queue } = await start();
    const polling = new AbortController();
    await queue.sendBatch([message("g", "1")]);
    const [held] = await queue.receive({ ...receiving, waitSeconds: 0, visibilitySeconds: 600 });
    const waiter = queue.receive({ ...receiving, attemptId: "b", waitSeconds: 20 }, { signal: polling.signal });
    await vi.waitFor(() => expect(server.requestCounts().ReceiveMessage).toBe(2), { interval: 5 });
    await queue.changeVisibilityBatch([{ receiptHandle: held?.receiptHandle ?? "", visibilitySeconds: 1 }]);
    expect(await waiter).toMatchObject([{ body: "1", receiveCount: 2 }]);
  });

  it("answer empty when nothing came", async () => {
    const { queue } = await start();
    expect(await queue.receive({ ...receiving, waitSeconds: 1 })).toEqual([]);
  });

  it("of a client that went away swallow nothing", async () => {
    const { server, queue, queueUrl } = await start();
    const leaving = new AbortController();
    const left = queue.receive({ ...receiving, waitSeconds: 20 }, { signal: leaving.signal });
    await waiting(server);
    leaving.abort();
    await expect(left).rejects.toThrow();

    // A client that only ends its side of the connection, without a word.
    const socket = connect(server.port, "127.0.0.1");
    const body = JSON.stringify({ QueueUrl: queueUrl, WaitTimeSeconds: 20 });
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await vi.waitFor(() => expect(server.requestCounts().ReceiveMessage).toBe(2), { interval: 5 });
    socket.end();
    await once(socket.resume(), "close");

    await queue.sendBatch([message("g", "1")]);
    expect(await queue.receive({ ...receiving, attemptId: "b", waitSeconds: 0 })).toMatchObject([{ body: "1", receiveCount: 1 }]);
  });
});

describe("the server", () => {
  it("fails on a taken port with the listener's own error and leaves the other's state alone", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sqs-server-"));
    releasers.push(() => rmSync(directory, { recursive: true }));
    const { server, queue } = await start({ directory });
    await expect(startSqs({ port: server.port, directory })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(await queue.sendBatch([message("g", "1")])).toMatchObject([{ ok: true }]);
  });

  it("shows request counts and queues to other processes", async () => {
    const { server, queue } = await start();
    await queue.sendBatch([message("g", "1")]);
    const look = async (path: string): Promise<unknown> => (await fetch(`${server.url}${path}`)).json();
    expect(await look("/_spillway/requests")).toEqual({ CreateQueue: 1, SendMessageBatch: 1 });
    expect(await look("/_spillway/queues")).toMatchObject({ "q.fifo": { sent: 1, visible: 1 } });
  });

  it("loses nothing acknowledged when it is killed while sends and deletes are under way", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sqs-kill-"));
    releasers.push(() => rmSync(directory, { recursive: true }));
    const child: ChildProcess = spawn(
      process.execPath,
      ["--input-type=module", "-e", `const { startSqs } = await import(${JSON.stringify(join(import.meta.dirname, "server.ts"))});
        console.log((await startSqs({ port: 0, directory: ${JSON.stringify(directory)} })).url);`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    releasers.push(() => child.kill("SIGKILL"));
    if (!child.stdout) throw new Error("no output");
    const [url] = (await once(createInterface(child.stdout), "line")) as [string];
    const client = clientOf(url);
    const queue = createSqsQueue({ client, queueUrl: await createQueue(client, "q.fifo") });

    const accepted = new Set<string>();
    const deleted = new Set<string>();
    const asked = new Set<string>();
    const sender = async (name: string) => {
      for (let count = 0; ; count += 1) {
        const sent = message(name, String(count).padStart(6, "0"));
        const [result] = await queue.sendBatch([sent]);
        if (result?.ok) accepted.add(sent.deduplicationId);
      }
    };
    const remover = async () => {
      for (let count = 0; ; count += 1) {
        for (const got of await queue.receive({ ...receiving, maxMessages: 2, attemptId: `r${count}`, waitSeconds: 1 })) {
          const id = `${got.groupId}-${got.body}`;
          asked.add(id);
          if ((await queue.deleteBatch([got.receiptHandle])).size === 0) deleted.add(id);
        }
      }
    };
    const work = Promise.allSettled([sender("a"), sender("b"), sender("c"), remover()]);
    await vi.waitFor(() => expect(accepted.size > 300 && deleted.size > 30).toBe(true), { timeout: 20_000, interval: 5 });
    child.kill("SIGKILL");
    await work;

    const again = await startSqs({ port: 0, directory });
    releasers.push(() => again.close());
    const lines = [...again.engine.snapshot()].flatMap((line) => (line.kind === "message" ? [line.content] : []));
    const kept = new Set(lines.map(({ groupId, body }) => `${groupId}-${body}`));
    expect([...accepted].filter((id) => !kept.has(id) && !asked.has(id))).toEqual([]);
    expect([...deleted].filter((id) => kept.has(id))).toEqual([]);
    for (const [, group] of Map.groupBy(lines, ({ groupId }) => groupId)) {
      expect(group.map(({ body }) => body)).toEqual(group.map(({ body }) => body).toSorted());
    }
  });
});
