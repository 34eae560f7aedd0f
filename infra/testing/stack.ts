import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { localClientOptions, provisionQueues, provisionTable, type ProvisionOptions } from "#infra/start/provision.ts";
import { releasers } from "#infra/start/releasers.ts";
import { type BackendConfig, backendConfig } from "#lib/config/backend.ts";
import { localEnvironment, withoutAws } from "#lib/config/local.ts";
import { startCloudWatch } from "#lib/local/cloudwatch/server.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
import { startSqs } from "#lib/local/sqs/server.ts";
import { type RestartablePostgres, startPostgresOnly } from "./postgres-only.ts";

export { startPostgresOnly } from "./postgres-only.ts";

/** Everything the product talks to, on free ports, with its state in a temporary folder. */
export interface Stack {
  /** Whole environment for child processes: this process's, less its AWS variables, plus the places of the stack. */
  env: Record<string, string>;
  backend: BackendConfig;
  /** As superuser, into the database. */
  adminUrl: string;
  postgres: Pick<RestartablePostgres, "runningPid" | "stop" | "startAgain">;
  sqs: Awaited<ReturnType<typeof startSqs>>;
  dynamodb: Awaited<ReturnType<typeof startDynamoDb>>;
  cloudwatch: Awaited<ReturnType<typeof startCloudWatch>>;
  /** SDK clients at the stack's endpoints; ended by close. */
  clients: { sqs: SQSClient; dynamodb: DynamoDBClient; cloudwatch: CloudWatchClient };
  close(): Promise<void>;
}

/** Starts every backend in this process (PostgreSQL as a child), with queues, table and schema made. */
export async function startStack(options: ProvisionOptions = {}): Promise<Stack> {
  const release = releasers();
  try {
    const postgres = release.add(await startPostgresOnly());
    const sqs = release.add(await startSqs({ port: 0 }));
    const dynamodb = release.add(await startDynamoDb({ port: 0 }));
    const cloudwatch = release.add(await startCloudWatch({ port: 0 }));
    const [queues] = await Promise.all([provisionQueues(sqs.url, options), provisionTable(dynamodb.url, options)]);
    const places = localEnvironment({
      databaseUrl: postgres.databaseUrl,
      sqsUrl: sqs.url,
      dynamodbUrl: dynamodb.url,
      cloudwatchUrl: cloudwatch.url,
      ...queues,
    });
    const clients = {
      sqs: new SQSClient(localClientOptions(sqs.url)),
      dynamodb: new DynamoDBClient(localClientOptions(dynamodb.url)),
      cloudwatch: new CloudWatchClient(localClientOptions(cloudwatch.url)),
    };
    release.push(() => Object.values(clients).forEach((client) => client.destroy()));
    return {
      env: { ...withoutAws(process.env), ...places },
      backend: backendConfig(places),
      adminUrl: postgres.adminUrl,
      postgres,
      sqs,
      dynamodb,
      cloudwatch,
      clients,
      close: () => release.run(),
    };
  } catch (error) {
    await release.run().catch(() => undefined);
    throw error;
  }
}
