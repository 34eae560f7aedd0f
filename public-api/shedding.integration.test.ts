import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Child, startChild } from "#infra/start/child.ts";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { localEnvironment } from "#lib/config/local.ts";
import { openDb } from "#lib/gateways/db.ts";

/** What a body may be at most, bytes. */
const LARGEST = 1_048_576;
/** Costs the process some time to read, and is refused without asking the queue. */
const HEAVY = JSON.stringify(Array.from({ length: 500 }, () => ({ type: "NOT A TYPE", properties: { numbers: Array.from({ length: 400 }, (_, at) => at) } })));

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let apiKey: string;
let api: Child | undefined;
const sockets = new Set<Socket>();

beforeAll(async () => {
  expect(HEAVY.length).toBeLessThanOrEqual(LARGEST);
  postgres = await startPostgresOnly();
  const db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1 });
  try {
    apiKey = await makeApiKey({ db, queue: "activities.fifo" });
  } finally {
    await db.$disconnect();
  }
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  api?.kill();
  await api?.exited;
});

afterAll(() => postgres.close());

/** Starts the process; its queue is away, and nothing here gets as far as it. @returns its port. */
async function start(settings: Record<string, string>): Promise<number> {
  const places = localEnvironment({
    databaseUrl: postgres.databaseUrl,
    sqsUrl: "http://127.0.0.1:1",
    dynamodbUrl: "http://127.0.0.1:1",
    cloudwatchUrl: "http://127.0.0.1:1",
    queueUrl: "http://127.0.0.1:1/000000000000/activities.fifo",
    deadLetterQueueUrl: "http://127.0.0.1:1/000000000000/activities-dlq.fifo",
  });
  api = startChild({ args: ["public-api/main.ts"], env: { ...places, NODE_ENV: "test", PUBLIC_API_PORT: "0", ...settings } });
  return Number((await api.event("ready", { deadlineMs: 30_000 })).port);
}

/** Announces a body and sends none of it. @returns the status: 100 where the process has a place for it and asks for it. */
async function announce(port: number, bytes: number): Promise<number> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  sockets.add(socket);
  socket.write(`POST /v1/activities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]);
}

async function post(port: number, body: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/activities`, { method: "POST", headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" }, body });
  return { status: answer.status, text: await answer.text() };
}

/** Holds so many places, keeps the process at work beside them, and asks until it is shed. @returns what was said then. */
async function untilShed(port: number, places: number): Promise<string> {
  for (const status of await Promise.all(Array.from({ length: places }, () => announce(port, 10)))) expect(status).toBe(100);
  const over = new AbortController();
  const lanes = Array.from({ length: 4 }, async () => {
    // One that is shed may be cut off while its body is on the way.
    while (!over.signal.aborted) await post(port, HEAVY).catch(() => null);
  });
  try {
    for (;;) {
      const { status, text } = await post(port, "[]");
      if (status === 429) return text;
      expect(status).toBe(422);
    }
  } finally {
    over.abort();
    await Promise.all(lanes);
  }
}

it("sheds what has no room within PUBLIC_API_MAX_HELD_BYTES, and nothing smaller", async () => {
  const port = await start({ PUBLIC_API_MAX_HELD_BYTES: String(2 * LARGEST) });
  expect([await announce(port, LARGEST), await announce(port, LARGEST - 10), await announce(port, 11), await announce(port, 10)]).toEqual([100, 100, 429, 100]);
});

// With so few in work it does not matter how busy the processor is.
it("sheds while its event loop is later than PUBLIC_API_MAX_LOOP_DELAY_MS", async () => {
  const port = await start({ PUBLIC_API_MAX_LOOP_DELAY_MS: "1" });
  expect(await untilShed(port, 32)).toContain("overloaded");
});

it("sheds beyond 80 requests while its processor is busy, however late it may be", async () => {
  const port = await start({ PUBLIC_API_MAX_LOOP_DELAY_MS: "60000" });
  expect(await untilShed(port, 80)).toContain("overloaded");
});
