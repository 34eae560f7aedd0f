import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { localEnvironment } from "#lib/config/local.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { openDb } from "#lib/gateways/db.ts";
import { startSqs } from "#lib/local/sqs/server.ts";

let sqs: Awaited<ReturnType<typeof startSqs>>;
let child: ChildProcessWithoutNullStreams | undefined;
let env: Record<string, string>;

beforeEach(async () => {
  sqs = await startSqs({ port: 0 });
  const client = new SQSClient({ region: "us-east-1", endpoint: sqs.url, credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  const made = await client.send(new CreateQueueCommand({ QueueName: "activities.fifo", Attributes: { FifoQueue: "true" } }));
  client.destroy();
  const queueUrl = made.QueueUrl ?? "";
  const places = localEnvironment({
    // Nothing listens there, but where a test says else.
    databaseUrl: "postgresql://nobody@127.0.0.1:1/none",
    sqsUrl: sqs.url,
    dynamodbUrl: "http://127.0.0.1:1",
    cloudwatchUrl: "http://127.0.0.1:1",
    queueUrl,
    deadLetterQueueUrl: queueUrl.replace("activities", "activities-dlq"),
  });
  env = { ...places, PUBLIC_API_PORT: "0" };
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await sqs.close();
});

/** Starts the process; `event` waits for a log line of that name. */
function start(environment: Record<string, string>) {
  const started = spawn(process.execPath, ["public-api/main.ts"], { env: { ...environment, NODE_ENV: "test" } });
  child = started;
  const seen: { event: string; port?: number }[] = [];
  let wake = () => {};
  createInterface(started.stdout).on("line", (line) => {
    seen.push(JSON.parse(line) as { event: string });
    wake();
  });
  let stderr = "";
  started.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const event = async (name: string) => {
    for (;;) {
      const found = seen.find((one) => one.event === name);
      if (found) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { child: started, event, seen, exit: once(started, "exit") as Promise<[number | null]>, stderr: () => stderr };
}

function post(port: number | undefined, id: string, apiKey: string | null) {
  return fetch(`http://127.0.0.1:${port}/v1/activities`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(apiKey !== null && { Authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify({ id, userId: "u", type: "t", occurredAt: "2026-01-31T12:00:00Z" }),
  });
}

describe("the public API's process", () => {
  it("goes on with the keys it has while the database is away, and on SIGTERM finishes what it took", async () => {
    const postgres = await startPostgresOnly();
    const db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1 });
    try {
      const apiKey = await makeApiKey({ db, queue: "activities.fifo" });
      const api = start({ ...env, DATABASE_URL: postgres.databaseUrl });
      const { port } = await api.event("ready");
      expect((await post(port, "1", apiKey)).status).toBe(202);
      expect((await post(port, "1", null)).status).toBe(401);
      await postgres.stop();
      await api.event("ingest_counts_unsaved");
      expect((await post(port, "2", apiKey)).status).toBe(202);
      expect((await post(port, "3", `${apiKey.slice(0, -1)}!`)).status).toBe(401);

      await postgres.startAgain();
      api.child.kill("SIGTERM");
      expect(await api.exit).toEqual([0, null]);
      const [{ lastUsedAt } = { lastUsedAt: null }] = (await createApiKeys({ db, queue: "activities.fifo" }).list({ endedLimit: 0 })).items;
      expect(Date.now() - Date.parse(lastUsedAt ?? "")).toBeLessThan(60_000);
      const events = api.seen.map((one) => one.event);
      expect(events).toContain("stopping");
      expect(events.at(-1)).toBe("stopped");
      expect(events.filter((event) => event === "ingest_counts_unsaved")).toHaveLength(1);
      expect(JSON.stringify(api.seen) + api.stderr()).not.toContain(apiKey.slice(-43));
    } finally {
      await db.$disconnect();
      await postgres.close();
    }
  });

  it("on SIGTERM hangs up on the idle, takes the rest of a body, and answers by its deadline though the queue does not", async () => {
    const postgres = await startPostgresOnly();
    const db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1 });
    const sockets = new Set<Socket>();
    const deaf = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
    await once(deaf.listen(0, "127.0.0.1"), "listening");
    try {
      const apiKey = await makeApiKey({ db, queue: "activities.fifo" });
      const deafUrl = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`;
      const api = start({ ...env, DATABASE_URL: postgres.databaseUrl, AWS_ENDPOINT_URL_SQS: deafUrl, ACTIVITY_QUEUE_URL: `${deafUrl}/000000000000/activities.fifo`, PUBLIC_API_DEADLINE_MS: "500" });
      const { port } = await api.event("ready");
      const open = async () => {
        const socket = connect(port ?? 0, "127.0.0.1");
        sockets.add(socket);
        await once(socket, "connect");
        return socket;
      };
      const answer = async (socket: Socket) => {
        let text = "";
        for await (const part of socket) text += String(part);
        return text;
      };
      const body = '{"id":"1","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}';
      const half = await open();
      // Asks for the body, so that the test knows when the process has the head.
      half.write(`POST /v1/activities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
      await once(half, "data");
      half.write(body.slice(0, 10));
      const idle = await open();
      idle.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(idle, "data");

      api.child.kill("SIGTERM");
      await api.event("stopping");
      expect(await answer(idle)).toBe("");
      // The idle ones are ended a moment before the listening is.
      await expect.poll(() => open().then(() => "connected", (error: unknown) => (error as NodeJS.ErrnoException).code)).toBe("ECONNREFUSED");
      half.write(body.slice(10));
      const text = await answer(half);
      expect(text).toMatch(/^HTTP\/1\.1 503 [^]*"status":"unknown"/);
      expect(text).toMatch(/^Connection: close\r$/im);
      expect(await api.exit).toEqual([0, null]);
    } finally {
      for (const socket of sockets) socket.destroy();
      deaf.close();
      await db.$disconnect();
      await postgres.close();
    }
  });

  it("serves while it has never reached the database, and claims nothing of any key", async () => {
    const api = start(env);
    const { port } = await api.event("ready");
    expect(api.seen.map((one) => one.event)).toContain("api_keys_unread");
    const answer = await post(port, "1", `sw_live_${"A".repeat(12)}_${"a".repeat(43)}`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await post(port, "1", "x")).status).toBe(401);
  });

  it("names every fault of the environment and exits with 78", async () => {
    const api = start({ ...env, ACTIVITY_QUEUE_URL: "", PUBLIC_API_PORT: "many" });
    expect(await api.exit).toEqual([78, null]);
    expect(api.stderr()).toMatch(/ACTIVITY_QUEUE_URL is not set.*\n.*PUBLIC_API_PORT is wrong/);
  });

  it("says in one line that its port is taken", async () => {
    const api = start({ ...env, PUBLIC_API_PORT: String(sqs.port) });
    expect(await api.exit).toEqual([1, null]);
    expect(api.stderr().trim().split("\n")).toEqual([expect.stringContaining("port is taken")]);
  });
});
