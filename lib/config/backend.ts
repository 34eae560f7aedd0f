import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

/** Where the shared backends are: needed by the web app, the workers and the public API alike. */
const backendSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, { error: "must start with postgresql://" }),
  AWS_REGION: z.string().min(1),
  ACTIVITY_QUEUE_URL: z.url().regex(/\.fifo$/, { error: "must be the URL of a FIFO queue, ending in .fifo" }),
  ACTIVITY_DLQ_URL: z.url().regex(/\.fifo$/, { error: "must be the URL of a FIFO queue, ending in .fifo" }),
  ACTIVITY_TABLE: z.string().min(3),
});

const EXAMPLES = {
  DATABASE_URL: "postgresql://spillway:secret@db.example.com:5432/spillway",
  AWS_REGION: "eu-central-1",
  ACTIVITY_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/activities.fifo",
  ACTIVITY_DLQ_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/activities-dlq.fifo",
  ACTIVITY_TABLE: "activities",
};

export interface BackendConfig {
  databaseUrl: string;
  region: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
  table: string;
  /** Name of the queue, the key of every row in Postgres: the last part of its URL. */
  queue: string;
  deadLetterQueue: string;
}

/** Names of the variables that point at the backends; all or none of them must be set. */
export const BACKEND_VARIABLES = Object.keys(EXAMPLES);

function lastPathPart(url: string): string {
  return new URL(url).pathname.split("/").at(-1) ?? "";
}

/**
 * Reads the backends' places.
 * @throws ConfigError naming every variable that is missing or wrong.
 */
export function backendConfig(env: Environment = process.env): BackendConfig {
  const parsed = parseEnv(backendSchema, env, EXAMPLES);
  return {
    databaseUrl: parsed.DATABASE_URL,
    region: parsed.AWS_REGION,
    queueUrl: parsed.ACTIVITY_QUEUE_URL,
    deadLetterQueueUrl: parsed.ACTIVITY_DLQ_URL,
    table: parsed.ACTIVITY_TABLE,
    queue: lastPathPart(parsed.ACTIVITY_QUEUE_URL),
    deadLetterQueue: lastPathPart(parsed.ACTIVITY_DLQ_URL),
  };
}
