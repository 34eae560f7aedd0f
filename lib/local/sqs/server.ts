import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { actionOf, runAction } from "./actions.ts";
import type { Engine } from "./engine.ts";
import { SqsError } from "./errors.ts";
import { answerError, answerJson, readJson } from "./http-answer.ts";
import { createLongPoll } from "./long-poll.ts";
import { steadyClock } from "./steady-clock.ts";
import { openStore } from "./store.ts";

const ACCOUNT = "000000000000";
/** Longer than clients keep an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 65_000;

export interface SqsServer {
  /** Endpoint for AWS clients. */
  readonly url: string;
  readonly port: number;
  readonly engine: Engine;
  /** Address of a queue by name. */
  queueUrl(name: string): string;
  /** Requests so far by action, refused ones included. */
  requestCounts(): Record<string, number>;
  /** Receives of a queue that found nothing, since the start. */
  emptyReceives(queue: string): number;
  /** Stops listening, ends long polls empty, keeps what was acknowledged. */
  close(): Promise<void>;
}

/** @rejects the listener's own error (EADDRINUSE, EACCES). */
function listen(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

/**
 * Starts the SQS stand-in: FIFO queues over AWS JSON 1.0, and `GET /_spillway/requests` and `/_spillway/queues`.
 * An action is answered after its journal line was written to the file (write(2); not synced to the disk).
 * @param options.port 0 takes a free one.
 * @param options.directory where the journal is kept; absent keeps nothing.
 * @rejects EADDRINUSE when the port is taken, and what is wrong with the directory.
 */
export async function startSqs(options: { host?: string; port: number; directory?: string; now?: () => number }): Promise<SqsServer> {
  const host = options.host ?? "127.0.0.1";
  const counts = new Map<string, number>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  // Before the journal is opened: a second start must fail on the port, and not touch the first one's files.
  await listen(server, options.port, host);
  const { port } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const queueUrl = (name: string) => `${url}/${ACCOUNT}/${name}`;

  const store = openOrClose(server, options.directory);
  const { engine } = store;
  const now = steadyClock(options.now ?? Date.now, engine.now());
  const longPoll = createLongPoll({ engine, now });

  function look(path: string, response: ServerResponse): void {
    if (path === "/_spillway/requests") answerJson(response, 200, Object.fromEntries(counts));
    else if (path === "/_spillway/queues") answerJson(response, 200, Object.fromEntries(engine.queueNames().map((name) => [name, engine.figures(name, now())])));
    else answerJson(response, 404, { message: "no such page" });
  }

  async function act(request: IncomingMessage, signal: AbortSignal): Promise<object> {
    const target = request.headers["x-amz-target"];
    const action = actionOf(typeof target === "string" ? target : undefined);
    if (!action) throw new SqsError("UnknownOperation", `The operation ${String(target)} is not known to this stand-in.`);
    counts.set(action, (counts.get(action) ?? 0) + 1);
    const body = await readJson(request);
    const answer = await runAction(action, { engine, longPoll, now, queueUrl, signal }, body);
    // A receive may unlock nothing, but it sets a new time at which its messages return.
    longPoll.wake();
    await store.flushed();
    return answer;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") return look(request.url ?? "", response);
    const requestId = randomUUID();
    const client = new AbortController();
    response.once("close", () => client.abort());
    try {
      answerJson(response, 200, await act(request, client.signal), { "x-amzn-requestid": requestId });
    } catch (error) {
      answerError(response, requestId, error);
    }
    return undefined;
  }
  // No request came in between: opening the store was one step.
  server.on("request", (request, response) => void serve(request, response));

  return {
    url,
    port,
    engine,
    queueUrl,
    requestCounts: () => Object.fromEntries(counts),
    emptyReceives: (queue) => longPoll.emptyReceives(queue),
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      longPoll.close();
      server.closeIdleConnections();
      const forced = setTimeout(() => server.closeAllConnections(), 1_000);
      await promise;
      clearTimeout(forced);
      store.close();
    },
  };
}

function openOrClose(server: Server, directory: string | undefined) {
  try {
    return openStore({ directory });
  } catch (error) {
    server.close();
    throw error;
  }
}
