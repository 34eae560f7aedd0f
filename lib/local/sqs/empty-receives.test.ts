import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { startSqs } from "./server.ts";

test("receives that found nothing are counted, by queue", async () => {
  const server = await startSqs({ port: 0 });
  const client = new SQSClient({ endpoint: server.url, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  try {
    await client.send(new CreateQueueCommand({ QueueName: "a.fifo", Attributes: { FifoQueue: "true" } }));
    const QueueUrl = server.queueUrl("a.fifo");
    await client.send(new ReceiveMessageCommand({ QueueUrl }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "d" }));
    const found = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(found.Messages).toHaveLength(1);
    expect(server.emptyReceives("a.fifo")).toBe(1);
    await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    expect(server.emptyReceives("a.fifo")).toBe(2);
    expect(server.emptyReceives("b.fifo")).toBe(0);
  } finally {
    client.destroy();
    await server.close();
  }
});
