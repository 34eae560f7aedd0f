import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createWireClient } from "./wire-client.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server that does this to each connection. */
async function server(serve: (socket: Socket, nth: number) => void): Promise<number> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const made: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    connections += 1;
    serve(socket, connections);
  }).listen(0, "127.0.0.1");
  await once(made, "listening");
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    made.close();
  });
  return (made.address() as AddressInfo).port;
}

function client(port: number) {
  const made = createWireClient(port);
  open.push(() => made.close());
  return made;
}

test("reads answers that come in pieces, one after the other on one connection", async () => {
  const port = await server((socket, nth) =>
    socket.on("data", (data) => {
      const text = `HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\n${nth}:${String(data).slice(0, 3)}`;
      socket.write(text.slice(0, 20));
      setImmediate(() => {
        socket.write(text.slice(20, 45));
        setImmediate(() => socket.write(text.slice(45)));
      });
    }),
  );
  const one = client(port);
  for (const request of ["abc", "def"]) {
    const { status, body } = await one.exchange(request);
    expect([status, String(body)]).toEqual([202, `1:${request}`]);
  }
});

test("tells how long it is to wait, and connects again after an answer that closes", async () => {
  const port = await server((socket, nth) =>
    socket.on("data", () => socket.write(`HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nConnection: close\r\ncontent-length: 1\r\n\r\n${nth}`)),
  );
  const one = client(port);
  expect(await one.exchange("a")).toMatchObject({ status: 429, retryAfterSeconds: 3 });
  expect(String((await one.exchange("b")).body)).toBe("2");
});

test("rejects when the connection ends before the answer", async () => {
  const port = await server((socket) => socket.on("data", () => socket.end("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nab")));
  await expect(client(port).exchange("a")).rejects.toThrow("closed");
});
