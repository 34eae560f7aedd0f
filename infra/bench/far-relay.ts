import { once } from "node:events";
import { type AddressInfo, createServer, connect, type Socket } from "node:net";

const HOST = "127.0.0.1";

/** Hands on what `from` sends after `delayMs`, in order, and its end too. */
function passOn(from: Socket, to: Socket, delayMs: number): void {
  from.on("data", (chunk) => setTimeout(() => to.write(chunk), delayMs));
  from.on("end", () => setTimeout(() => to.end(), delayMs));
  from.on("close", () => setTimeout(() => to.destroy(), delayMs));
  from.on("error", () => to.destroy());
}

/**
 * Puts a stand-in at a distance: what is sent through this port arrives half the round trip later, either way. Over
 * loopback a call takes under a millisecond, which no service over a network does.
 * @param url of the stand-in. @param roundTripMs what it adds to a call on an open connection.
 */
export async function startFarRelay({ url, roundTripMs }: { url: string; roundTripMs: number }) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: HOST, port: Number(target.port) });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    passOn(near, far, roundTripMs / 2);
    passOn(far, near, roundTripMs / 2);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}`,
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
