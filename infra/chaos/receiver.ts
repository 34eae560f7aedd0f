import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PushFact } from "./facts.ts";

/** A webhook's receiver that takes all and keeps the order in which it did. */
export async function startReceiver({ tick }: { tick: () => number }): Promise<{ url: string; pushes: PushFact[]; close(): Promise<void> }> {
  const pushes: PushFact[] = [];
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      pushes.push({ n: tick(), id: String(request.headers["spillway-activity-id"]) });
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    pushes,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
