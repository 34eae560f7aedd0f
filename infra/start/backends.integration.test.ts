import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startChild } from "./child.ts";
import { provisionQueues, provisionTable } from "./provision.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

it("keeps the stand-ins' files to their owner, in a folder that others may enter too", async () => {
  const directory = await mkdtemp(join(tmpdir(), "spillway-backends-"));
  const [sqs, dynamodb, cloudwatch] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = startChild({
    args: [join(import.meta.dirname, "backends.ts")],
    env: {
      PATH: process.env.PATH ?? "",
      SPILLWAY_STATE_DIR: directory,
      SPILLWAY_SQS_PORT: String(sqs),
      SPILLWAY_DYNAMODB_PORT: String(dynamodb),
      SPILLWAY_CLOUDWATCH_PORT: String(cloudwatch),
    },
  });
  try {
    await child.event("ready", { deadlineMs: 30_000 });
    await Promise.all([provisionQueues(`http://127.0.0.1:${sqs}`), provisionTable(`http://127.0.0.1:${dynamodb}`)]);
    const found = await readdir(directory, { recursive: true });
    const open = await Promise.all(found.map(async (name) => ((await stat(join(directory, name))).mode & 0o077) !== 0));
    expect(found.length).toBeGreaterThan(3);
    expect(found.filter((_, position) => open[position])).toEqual([]);
  } finally {
    await child.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
