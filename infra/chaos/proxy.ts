import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, drawFault, type FaultKind, type FaultRule, type Json, refusal, type Service, splitBatch } from "./faults.ts";

/** A call on its way: told when it was read (`asked`) and, where it was passed on, when the act was done (`acted`). */
export interface WireCall {
  stage: "asked" | "acted";
  /** The same in both stages of one call. */
  call: number;
  service: Service;
  operation: string;
  /** Who called, by the application id in its User-Agent; "" when it names none. */
  client: string;
  /** What was asked for; of a batch that was split, all of it. */
  request: Json;
  /** At `acted` only: what the stand-in answered, planted failures included. */
  answer: Answer | null;
  /** What meets the whole call. */
  fault: FaultKind | null;
  /** Entries of the batch that were made to fail. */
  failedEntries: number;
}

export interface FaultProxy {
  url: string;
  port: number;
  /** Replaces the rules from now on. Hanging calls stay hung. */
  set(rules: readonly FaultRule[]): void;
  /** Faults so far, by kind. */
  counts(): Record<string, number>;
  close(): Promise<void>;
}

async function readBody(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parse(bytes: Buffer): Json {
  return bytes.length === 0 ? {} : (JSON.parse(bytes.toString("utf8")) as Json);
}

const clientOf = (request: IncomingMessage) => /\bapp\/([\w-]+)/.exec(request.headers["user-agent"] ?? "")?.[1] ?? "";

/**
 * An HTTP proxy before a stand-in that speaks AWS JSON 1.0: passes calls on, or does to them what the rules say. It
 * listens on a free port of the loopback address.
 * @param random 0 to 1; seeded by the caller. @param onCall told of each call; must not throw.
 */
export async function startFaultProxy({
  service,
  target,
  random,
  onCall = () => undefined,
}: {
  service: Service;
  target: string;
  random: () => number;
  onCall?: (call: WireCall) => void;
}): Promise<FaultProxy> {
  let rules: readonly FaultRule[] = [];
  let calls = 0;
  const counts: Record<string, number> = {};
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const count = (kind: string, by = 1) => {
    if (by > 0) counts[kind] = (counts[kind] ?? 0) + by;
  };

  function passOn(incoming: IncomingMessage, body: Buffer, abandoned: AbortSignal | null): Promise<Answer & { headers: IncomingMessage["headers"] }> {
    const { host: _host, "content-length": _length, connection: _connection, ...headers } = incoming.headers;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        new URL(incoming.url ?? "/", target),
        { method: incoming.method, agent, headers: { ...headers, "content-length": body.length } },
        (answer) => {
          readBody(answer).then((bytes) => resolve({ status: answer.statusCode ?? 502, body: parse(bytes), headers: answer.headers }), reject);
        },
      );
      outgoing.on("error", reject);
      abandoned?.addEventListener("abort", () => outgoing.destroy(), { once: true });
      outgoing.end(body);
    });
  }

  function send(response: ServerResponse, { status, body }: Answer, headers: IncomingMessage["headers"] = {}): void {
    if (response.destroyed) return;
    const bytes = Buffer.from(JSON.stringify(body));
    const { "x-amzn-requestid": id, "x-amzn-query-error": queryError } = headers;
    response.writeHead(status, {
      "content-type": "application/x-amz-json-1.0",
      "content-length": bytes.length,
      ...(id !== undefined && { "x-amzn-requestid": id }),
      ...(queryError !== undefined && { "x-amzn-query-error": queryError }),
    });
    response.end(bytes);
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBody(incoming);
    const operation = String(incoming.headers["x-amz-target"] ?? "").split(".").at(-1) ?? "";
    if (operation === "") {
      const passed = await passOn(incoming, bytes, null);
      send(response, passed, passed.headers);
      return;
    }
    calls += 1;
    const request = parse(bytes);
    const fault = drawFault(rules, service, operation, random);
    const split = fault === null || fault === "lost_answer" ? splitBatch(rules, service, operation, request, random) : null;
    const call = { call: calls, service, operation, client: clientOf(incoming), request, fault, failedEntries: split?.failed ?? 0 };
    onCall({ ...call, stage: "asked", answer: null });
    if (fault !== null) count(fault);
    count(service === "sqs" ? "partial" : "unprocessed", call.failedEntries);
    if (fault === "reset") {
      incoming.socket.resetAndDestroy();
      return;
    }
    if (fault === "hang") return;
    if (fault === "error_5xx" || fault === "throttle") {
      send(response, refusal(fault, service, random));
      return;
    }
    const kept = split?.request === undefined ? request : split.request;
    // A long poll goes with its client; any other act is done to its end, as it is where the client is far away.
    const gone = new AbortController();
    if (operation === "ReceiveMessage") response.once("close", () => gone.abort());
    const passed = kept === null ? { status: 200, body: {}, headers: {} } : await passOn(incoming, kept === request ? bytes : Buffer.from(JSON.stringify(kept)), gone.signal);
    const answer = { status: passed.status, body: passed.status === 200 && split ? split.merge(passed.body) : passed.body };
    onCall({ ...call, stage: "acted", answer });
    if (fault === "lost_answer") incoming.socket.resetAndDestroy();
    else send(response, answer, passed.headers);
  }

  const server = createServer({ keepAliveTimeout: 65_000 }, (incoming, response) => {
    // Whatever breaks on the way looks to the client as a broken connection does.
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    set(next) {
      rules = next;
    },
    counts: () => ({ ...counts }),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}
