import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { startPublicApi } from "#infra/testing/public-api.ts";

const BODY = '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}';
const HEAD = `POST /v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`;

let running: Awaited<ReturnType<typeof startPublicApi>> | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await running?.api.stop(0);
  running = undefined;
});

async function start(options: Parameters<typeof startPublicApi>[0] = {}) {
  const started = await startPublicApi(options);
  running = started;
  const open = async () => {
    const socket = connect(started.port, "127.0.0.1");
    sockets.add(socket);
    await once(socket, "connect");
    return socket;
  };
  return { ...started, open };
}

/** All that comes until the other side hangs up. */
async function rest(socket: Socket): Promise<string> {
  let text = "";
  for await (const part of socket) text += String(part);
  return text;
}

it("lets a body that is half there come, and closes its connection with the answer", async () => {
  const { api, admission, open, sent } = await start({ slowMs: 10_000 });
  const socket = await open();
  socket.write(HEAD + BODY.slice(0, 20));
  await expect.poll(() => admission.inWork().requests).toBe(1);
  const stopped = api.stop(10_000);
  socket.write(BODY.slice(20));
  expect(await rest(socket)).toMatch(/^HTTP\/1\.1 202 [^]*\r\nConnection: close\r\n/i);
  await stopped;
  expect(sent).toHaveLength(1);
});

it("does not wait for ever for a body that does not come, and takes nothing of it", async () => {
  const { api, admission, open, sent } = await start({ slowMs: 50 });
  const socket = await open();
  socket.write(HEAD + BODY.slice(0, 20));
  await expect.poll(() => admission.inWork().requests).toBe(1);
  const stopped = api.stop(60_000);
  expect(await rest(socket)).toMatch(/^HTTP\/1\.1 408 [^]*"body_too_slow"/);
  await stopped;
  expect(sent).toEqual([]);
});

it("hangs up on who only stays connected, and takes no new connection", async () => {
  const { api, open, port } = await start();
  const socket = await open();
  socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "data");
  const stopped = api.stop(60_000);
  const refused = connect(port, "127.0.0.1");
  const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
  expect(await rest(socket)).toBe("");
  await stopped;
});

it("says that it is not ready to who asks on a connection that it has", async () => {
  const { api, open } = await start();
  const socket = await open();
  const connected = once(api.server, "connection");
  socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n");
  // The first line must be there before the stop, or the connection counts as idle.
  const other = await open();
  await connected;
  other.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(other, "data");
  const stopped = api.stop(60_000);
  socket.write("\r\n");
  expect(await rest(socket)).toMatch(/^HTTP\/1\.1 503 [^]*"stopping"/);
  await stopped;
});
