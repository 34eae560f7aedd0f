import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { createQueueMetrics } from "#lib/gateways/queue-metrics.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
import { startSqs } from "#lib/local/sqs/server.ts";
import { createCollector } from "./collector.ts";
import { startCloudWatch } from "./server.ts";

const MINUTE = 1_800_000_000;

test("what the stand-ins did in a minute is what the history shows of it", async () => {
  const clock = { ms: MINUTE * 1000 };
  const now = () => clock.ms;
  const [sqs, dynamodb, cloudwatch] = await Promise.all([
    startSqs({ port: 0, now }),
    startDynamoDb({ port: 0, now }),
    startCloudWatch({ port: 0, now }),
  ]);
  const options = { region: "us-east-1", maxAttempts: 1, credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const clients = {
    sqs: new SQSClient({ ...options, endpoint: sqs.url }),
    dynamodb: new DynamoDBClient({ ...options, endpoint: dynamodb.url }),
    cloudwatch: new CloudWatchClient({ ...options, endpoint: cloudwatch.url }),
  };
  try {
    await clients.sqs.send(new CreateQueueCommand({ QueueName: "a.fifo", Attributes: { FifoQueue: "true" } }));
    await clients.dynamodb.send(
      new CreateTableCommand({
        TableName: "things",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        ProvisionedThroughput: { WriteCapacityUnits: 6, ReadCapacityUnits: 5 },
      }),
    );
    const collector = createCollector({
      now,
      record: (datum) => cloudwatch.record(datum),
      queues: () =>
        sqs.engine.queueNames().map((name) => {
          const { visible, inFlight: notVisible, sent, received, deleted, oldestAgeSeconds } = sqs.engine.figures(name, now());
          return { name, visible, notVisible, delayed: 0, sent, received, deleted, oldestAgeSeconds, emptyReceives: sqs.emptyReceives(name) };
        }),
      tables: () => dynamodb.tables(),
      consumed: (table, since) => dynamodb.consumed(table, since),
    });
    clock.ms += 10_000;
    for (const id of ["1", "2", "3"]) {
      await clients.sqs.send(
        new SendMessageCommand({ QueueUrl: sqs.queueUrl("a.fifo"), MessageBody: id, MessageGroupId: "g", MessageDeduplicationId: id }),
      );
    }
    const put = () => clients.dynamodb.send(new PutItemCommand({ TableName: "things", Item: { id: { S: "1" }, text: { S: "x".repeat(5_500) } } }));
    await expect.poll(put).toBeDefined();
    await expect(put()).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
    clock.ms += 50_000;
    await collector.collect();

    const metrics = createQueueMetrics({ client: clients.cloudwatch, queue: "a.fifo", table: "things" });
    const history = await metrics.history({ from: new Date(MINUTE * 1000), to: new Date(clock.ms), periodSeconds: 60 });
    expect(history).toEqual([
      {
        t: MINUTE,
        visible: 3,
        notVisible: 0,
        sentPerSecond: 3 / 60,
        deletedPerSecond: 0,
        oldestAgeSeconds: 50,
        consumedWriteUnitsPerSecond: 6 / 60,
        provisionedWriteUnits: 6,
        writeThrottles: 1,
      },
    ]);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
    await Promise.all([sqs.close(), dynamodb.close(), cloudwatch.close()]);
  }
});
