import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

/** Fixed names of everything that runs on this machine. The account and the keys are made up and open nothing. */
export const LOCAL_NAMES = {
  host: "127.0.0.1",
  region: "us-east-1",
  queue: "activities.fifo",
  deadLetterQueue: "activities-dlq.fifo",
  table: "activities",
} as const;

const PORT_FAULT = { error: "must be a port, 1 to 65535" };
const port = (usual: number) => z.coerce.number(PORT_FAULT).int(PORT_FAULT).min(1, PORT_FAULT).max(65_535, PORT_FAULT).default(usual);

const localSchema = z.object({
  SPILLWAY_STATE_DIR: z.string().default(".spillway"),
  SPILLWAY_DASHBOARD_PORT: port(3000),
  SPILLWAY_API_PORT: port(3001),
  SPILLWAY_POSTGRES_PORT: port(5439),
  SPILLWAY_SQS_PORT: port(9324),
  SPILLWAY_DYNAMODB_PORT: port(8000),
  SPILLWAY_CLOUDWATCH_PORT: port(9325),
});

const EXAMPLES = { SPILLWAY_STATE_DIR: ".spillway", SPILLWAY_DASHBOARD_PORT: "3000" };

export interface LocalPort {
  /** What listens there, as said to a person. */
  what: string;
  /** The variable that moves it. */
  variable: string;
  port: number;
}

export type LocalService = "dashboard" | "publicApi" | "postgres" | "sqs" | "dynamodb" | "cloudwatch";

export interface LocalConfig {
  /** Folder of all state, as given: relative to the working folder. */
  stateDirectory: string;
  ports: Readonly<Record<LocalService, LocalPort>>;
}

/**
 * Reads where the local start keeps its state and which ports it takes.
 * @throws ConfigError naming every wrong variable, and any two that name one port.
 */
export function localConfig(env: Environment = process.env): LocalConfig {
  const parsed = parseEnv(localSchema, env, EXAMPLES);
  const entry = (what: string, variable: Exclude<keyof typeof parsed, "SPILLWAY_STATE_DIR">): LocalPort => ({ what, variable, port: parsed[variable] });
  return {
    stateDirectory: parsed.SPILLWAY_STATE_DIR,
    ports: {
      dashboard: entry("the dashboard", "SPILLWAY_DASHBOARD_PORT"),
      publicApi: entry("the public API", "SPILLWAY_API_PORT"),
      postgres: entry("PostgreSQL", "SPILLWAY_POSTGRES_PORT"),
      sqs: entry("the SQS stand-in", "SPILLWAY_SQS_PORT"),
      dynamodb: entry("the DynamoDB stand-in", "SPILLWAY_DYNAMODB_PORT"),
      cloudwatch: entry("the CloudWatch stand-in", "SPILLWAY_CLOUDWATCH_PORT"),
    },
  };
}

/**
 * Environment of a process that talks to the backends on this machine. It points the SDK away from any real account:
 * keys that open nothing, no configuration files, no metadata service.
 */
export function localEnvironment(places: { databaseUrl: string; sqsUrl: string; dynamodbUrl: string; cloudwatchUrl: string; queueUrl: string; deadLetterQueueUrl: string }) {
  return {
    DATABASE_URL: places.databaseUrl,
    AWS_REGION: LOCAL_NAMES.region,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ENDPOINT_URL_SQS: places.sqsUrl,
    AWS_ENDPOINT_URL_DYNAMODB: places.dynamodbUrl,
    AWS_ENDPOINT_URL_CLOUDWATCH: places.cloudwatchUrl,
    ACTIVITY_QUEUE_URL: places.queueUrl,
    ACTIVITY_DLQ_URL: places.deadLetterQueueUrl,
    ACTIVITY_TABLE: LOCAL_NAMES.table,
  };
}

/** The given environment without what would lead the SDK or the start elsewhere. */
export function withoutAws(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !name.startsWith("AWS_")) kept[name] = value;
  return kept;
}
