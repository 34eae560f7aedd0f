import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, ResourceNotFoundException, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, GetQueueAttributesCommand, QueueNameExists, SetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { awsClientOptions } from "#lib/config/aws.ts";
import { LOCAL_NAMES } from "#lib/config/local.ts";

const DAY_SECONDS = 86_400;
const HIGH_THROUGHPUT = { FifoQueue: "true", DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" };
const TABLE_DEADLINE_MS = 10_000;
const POLL_MS = 50;

export interface ProvisionOptions {
  tableWriteUnits?: number;
  tableReadUnits?: number;
  visibilityTimeoutSeconds?: number;
  /** The native backstop behind the worker's own attempts: max(100, 20 x attempts). */
  maxReceiveCount?: number;
}

/** Client options for a stand-in at `endpoint`. */
export function localClientOptions(endpoint: string) {
  return {
    ...awsClientOptions({ region: LOCAL_NAMES.region, requestTimeoutMs: 25_000, maxAttempts: 3 }),
    endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
}

/** Makes a queue, or gives the one that is there the attributes that may be changed. */
async function ensureQueue(client: SQSClient, name: string, attributes: Record<string, string>): Promise<string> {
  try {
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
    if (QueueUrl !== undefined) return QueueUrl;
  } catch (error) {
    if (!(error instanceof QueueNameExists)) throw error;
  }
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
  if (QueueUrl === undefined) throw new Error(`the SQS stand-in gives no URL for ${name}`);
  const { FifoQueue: _fixed, ...changeable } = attributes;
  await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: changeable }));
  return QueueUrl;
}

/** Makes the queue and its dead-letter queue in the SQS stand-in. */
export async function provisionQueues(
  sqsUrl: string,
  { visibilityTimeoutSeconds = 30, maxReceiveCount = 100 }: ProvisionOptions = {},
): Promise<{ queueUrl: string; deadLetterQueueUrl: string }> {
  const client = new SQSClient(localClientOptions(sqsUrl));
  try {
    const visibility = { VisibilityTimeout: String(visibilityTimeoutSeconds) };
    const deadLetterQueueUrl = await ensureQueue(client, LOCAL_NAMES.deadLetterQueue, {
      ...HIGH_THROUGHPUT,
      ...visibility,
      MessageRetentionPeriod: String(14 * DAY_SECONDS),
    });
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ["QueueArn"] }));
    const queueUrl = await ensureQueue(client, LOCAL_NAMES.queue, {
      ...HIGH_THROUGHPUT,
      ...visibility,
      MessageRetentionPeriod: String(4 * DAY_SECONDS),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount }),
    });
    return { queueUrl, deadLetterQueueUrl };
  } finally {
    client.destroy();
  }
}

async function tableStatus(client: DynamoDBClient, table: string): Promise<string | null> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    return Table?.TableStatus ?? null;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}

async function untilActive(client: DynamoDBClient, table: string): Promise<void> {
  const end = performance.now() + TABLE_DEADLINE_MS;
  while ((await tableStatus(client, table)) !== "ACTIVE") {
    if (performance.now() > end) throw new Error(`table ${table} did not become active within ${TABLE_DEADLINE_MS / 1000} s`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Makes the table of the push filter in the DynamoDB stand-in; needed only while a sink is on. */
export async function provisionPushFilter(dynamodbUrl: string, table: string): Promise<void> {
  const client = new DynamoDBClient(localClientOptions(dynamodbUrl));
  try {
    if ((await tableStatus(client, table)) !== null) return;
    await client.send(
      new CreateTableCommand({
        TableName: table,
        AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await untilActive(client, table);
    await client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true } }));
  } finally {
    client.destroy();
  }
}

/** Makes the table of activities in the DynamoDB stand-in; one that is there is left as it is. */
export async function provisionTable(dynamodbUrl: string, { tableWriteUnits = 200, tableReadUnits = 200 }: ProvisionOptions = {}): Promise<void> {
  const client = new DynamoDBClient(localClientOptions(dynamodbUrl));
  try {
    if ((await tableStatus(client, LOCAL_NAMES.table)) !== null) return;
    await client.send(
      new CreateTableCommand({
        TableName: LOCAL_NAMES.table,
        AttributeDefinitions: [
          { AttributeName: "userId", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "userId", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        BillingMode: "PROVISIONED",
        ProvisionedThroughput: { WriteCapacityUnits: tableWriteUnits, ReadCapacityUnits: tableReadUnits },
      }),
    );
    await untilActive(client, LOCAL_NAMES.table);
    await client.send(
      new UpdateTimeToLiveCommand({ TableName: LOCAL_NAMES.table, TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true } }),
    );
  } finally {
    client.destroy();
  }
}
