import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const MAX_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 5_000;

/** One thing that is looked at: whether it is well, and in words what was seen. */
export interface Check {
  ok: boolean;
  seen: string;
}

export interface HealthServer {
  url: string;
  /** The port that was asked for and taken by somebody else; null when it was free. */
  instead: number | null;
  close(): Promise<void>;
}

type Answer = { status: number; type: string; text: string };

const json = (checks: Readonly<Record<string, Check>>): Answer => {
  const ok = Object.values(checks).every((check) => check.ok);
  return { status: ok ? 200 : 503, type: "application/json", text: `${JSON.stringify({ ok, checks })}\n` };
};

/**
 * The worker's own HTTP port: `/healthz` (restart me when I fail), `/readyz` (I drain), `/metrics` (Prometheus text).
 * A taken port is replaced by a free one: nobody's scrape is worth a worker that does not drain.
 */
export async function startHealth({
  host,
  port,
  healthy,
  ready,
  metrics,
}: {
  host: string;
  port: number;
  healthy: () => Readonly<Record<string, Check>>;
  ready: () => Readonly<Record<string, Check>>;
  metrics: () => string;
}): Promise<HealthServer> {
  function answer(request: IncomingMessage): Answer {
    if (request.method !== "GET" && request.method !== "HEAD") return { status: 405, type: "text/plain", text: "only GET\n" };
    switch ((request.url ?? "").split("?")[0]) {
      case "/healthz":
        return json(healthy());
      case "/readyz":
        return json(ready());
      case "/metrics":
        return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", text: metrics() };
      default:
        return { status: 404, type: "text/plain", text: "/healthz, /readyz and /metrics are here\n" };
    }
  }

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request: IncomingMessage, response: ServerResponse) => {
    let out: Answer;
    try {
      out = answer(request);
    } catch (thrown) {
      out = { status: 500, type: "text/plain", text: `${thrown instanceof Error ? thrown.message : String(thrown)}\n` };
    }
    response.writeHead(out.status, { "content-type": out.type, "content-length": Buffer.byteLength(out.text), "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : out.text);
  });
  server.maxConnections = MAX_CONNECTIONS;

  const listen = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(wanted, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  let instead: number | null = null;
  try {
    await listen(port);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EADDRINUSE") throw thrown;
    instead = port;
    await listen(0);
  }
  server.on("error", () => {}); // a broken connection is its client's affair
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    instead,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
