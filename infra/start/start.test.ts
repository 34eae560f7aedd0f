import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ensureBuild } from "./build.ts";
import { keepProcess } from "./processes.ts";
import { start } from "./start.ts";

vi.mock(import("./build.ts"), async (original) => ({ ...(await original()), ensureBuild: vi.fn<typeof ensureBuild>(async () => "fresh") }));
vi.mock(import("./processes.ts"), async (original) => ({ ...(await original()), keepProcess: vi.fn<typeof keepProcess>(async () => ({ close: async () => undefined })) }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("what the start inherits never brings demo people, nor the login that owns the tables, to a process of it", async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), "spillway-start-"));
  onTestFinished(() => rm(stateDirectory, { recursive: true }));
  const env = {
    SPILLWAY_STATE_DIR: stateDirectory,
    SPILLWAY_DASHBOARD_PORT: String(await freePort()),
    SPILLWAY_DEMO_PEOPLE: "on",
    DATABASE_URL: "postgresql://app@db.example.com/spillway",
    DATABASE_MIGRATE_URL: "postgresql://owner@db.example.com/spillway",
    ACTIVITY_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/activities.fifo",
    ACTIVITY_DLQ_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/activities-dlq.fifo",
    ACTIVITY_TABLE: "activities",
    AWS_REGION: "eu-central-1",
    AUTH_SECRET: "a secret of the tests, long enough for them",
    PUBLIC_URL: "https://spillway.example.com",
    PUBLIC_API_URL: "https://api.spillway.example.com",
  };
  const started = await start({ root: process.cwd(), env, dev: false, tell: () => undefined, signal: new AbortController().signal });
  onTestFinished(() => started.close());
  const given = [...vi.mocked(keepProcess).mock.calls, ...vi.mocked(ensureBuild).mock.calls].map(([options]) => options.env);
  expect(given.map((one) => one.ACTIVITY_TABLE)).toEqual(Array.from({ length: 4 }, () => "activities"));
  for (const one of given) {
    expect(one).not.toHaveProperty("SPILLWAY_DEMO_PEOPLE");
    expect(one).not.toHaveProperty("DATABASE_MIGRATE_URL");
  }
  // What signs people in is the web app's alone; the build and the web app come with it, the two others without.
  expect(given.filter((one) => "AUTH_SECRET" in one)).toHaveLength(2);
});
