import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ingestResponseSchema, type IngestResponse } from "#lib/contracts/ingest.ts";

/** A file that the running start has written for other processes. */
async function written(name: string): Promise<string> {
  const directory = process.env.SPILLWAY_STATE_DIR;
  if (directory === undefined) throw new Error("SPILLWAY_STATE_DIR is not set: the browser tests' setup has not run");
  return readFile(join(directory, name), "utf8");
}

/** The backends' variables, and the addresses of the two doors. */
async function environment(): Promise<Record<string, string>> {
  return JSON.parse(await written("env.json")) as Record<string, string>;
}

/** An item as the table holds it, strings and numbers alike as text. */
export type Row = Readonly<Record<string, string>>;

/** Rows in the order in which SQS took them, which compares within one user only. */
export function inQueueOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => Number(BigInt(a.sequence ?? 0) - BigInt(b.sequence ?? 0)));
}

export interface SpikeResult {
  exitCode: number | null;
  output: string;
}

export type Stack = Awaited<ReturnType<typeof openStack>>;

/** The backends behind the page, reached as a producer, an intruder and an auditor would reach them. */
export async function openStack() {
  const env = await environment();
  const variable = (name: string): string => {
    const value = env[name];
    if (value === undefined) throw new Error(`env.json has no ${name}`);
    return value;
  };
  const client = { region: variable("AWS_REGION"), credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const dynamodb = new DynamoDBClient({ ...client, endpoint: variable("AWS_ENDPOINT_URL_DYNAMODB") });
  const sqs = new SQSClient({ ...client, endpoint: variable("AWS_ENDPOINT_URL_SQS") });
  const apiUrl = variable("PUBLIC_API_URL");
  const apiKey = (await written("api-key")).trim();
  const table = variable("ACTIVITY_TABLE");

  async function counters(url: string): Promise<Record<string, number>> {
    const answer = await fetch(`${url}/_spillway/requests`);
    const body = (await answer.json()) as { requests?: Record<string, number> } & Record<string, number>;
    return body.requests ?? body;
  }

  return {
    apiUrl,
    /** The start's own key. */
    apiKey,
    /** Variables that lead another process to the same backends. */
    env,

    /** Everything in the table. */
    async rows(): Promise<Row[]> {
      const rows: Row[] = [];
      for await (const page of paginateScan({ client: dynamodb }, { TableName: table })) {
        for (const item of page.Items ?? []) {
          rows.push(Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N ?? ""])));
        }
      }
      return rows;
    },

    /** Sends activities as a producer does. */
    async send(activities: readonly object[]): Promise<{ status: number; body: IngestResponse }> {
      const answer = await fetch(`${apiUrl}/v1/activities`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
        body: JSON.stringify(activities),
      });
      return { status: answer.status, body: ingestResponseSchema.parse(await answer.json()) };
    },

    /** Sends activities with another key. @returns the status. */
    async sendWith(key: string, activities: readonly object[]): Promise<number> {
      const answer = await fetch(`${apiUrl}/v1/activities`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        body: JSON.stringify(activities),
      });
      await answer.body?.cancel();
      return answer.status;
    },

    /** Puts a body straight into the main queue, past the public API. @returns its MessageId. */
    async plant(body: string, id: string): Promise<string> {
      const sent = await sqs.send(
        new SendMessageCommand({ QueueUrl: variable("ACTIVITY_QUEUE_URL"), MessageBody: body, MessageGroupId: id, MessageDeduplicationId: id }),
      );
      return sent.MessageId ?? "";
    },

    /** Makes the table refuse every put of these users, until called again without them. */
    async refuseUsers(users: readonly string[]): Promise<void> {
      const answer = await fetch(variable("AWS_ENDPOINT_URL_DYNAMODB"), {
        method: "POST",
        headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.SpillwaySetFaults" },
        body: JSON.stringify({ rules: users.map((partitionKey) => ({ table, partitionKey, message: "planted: this user is refused" })) }),
      });
      if (!answer.ok) throw new Error(`planting faults was answered ${answer.status}`);
    },

    /** Messages in a queue, waiting and in flight. */
    async depth(queue: "main" | "dead"): Promise<number> {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: variable(queue === "main" ? "ACTIVITY_QUEUE_URL" : "ACTIVITY_DLQ_URL"), AttributeNames: ["All"] }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
    },

    /** Calls the SQS stand-in has had, by action. */
    sqsCalls: () => counters(variable("AWS_ENDPOINT_URL_SQS")),

    /** Runs the spike tool as a person does. */
    async spike(...options: string[]): Promise<SpikeResult> {
      const child = spawn(process.execPath, [join("infra", "spike", "main.ts"), "--url", apiUrl, ...options], {
        // The tool finds the start's own key; one of whoever runs the tests is for another place.
        env: { ...process.env, SPILLWAY_API_KEY: "" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const lines: string[] = [];
      for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (line) => lines.push(line));
      await once(child, "close");
      return { exitCode: child.exitCode, output: lines.join("\n") };
    },

    close(): void {
      dynamodb.destroy();
      sqs.destroy();
    },
  };
}
