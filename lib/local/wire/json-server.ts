import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { crc32, gunzip } from "node:zlib";
import { WireError } from "./wire-error.ts";

const unzip = promisify(gunzip);

/** DynamoDB takes at most 16 MB a request (API reference, BatchWriteItem). */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** How long `close` waits for requests that are being answered. */
const CLOSE_DEADLINE_MS = 5_000;

export interface JsonServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** What stands before the operation in X-Amz-Target, with its dot. */
  targetPrefix: string;
  /** Answers one operation; what it throws as WireError is sent as it is, all else as an internal fault. */
  handle: (operation: string, body: Record<string, unknown>) => Promise<object>;
  /** Answers a GET, or undefined where there is nothing. */
  inspect: (url: URL) => object | undefined;
}

export interface JsonServer {
  url: string;
  port: number;
  /** Calls by operation since the start, failed ones included. */
  requestCounts(): Record<string, number>;
  /** Ends the listener after the requests at hand are answered (at most 5 s). */
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new WireError({ type: "RequestEntityTooLarge", message: "Request body is too large.", status: 413 });
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (request.headers["content-encoding"] !== "gzip") return body.toString("utf8");
  try {
    return (await unzip(body, { maxOutputLength: MAX_BODY_BYTES })).toString("utf8");
  } catch (cause) {
    throw new WireError({ type: "SerializationException", message: "The gzip body cannot be read.", cause });
  }
}

function parseBody(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text === "" ? "{}" : text);
  } catch (cause) {
    throw new WireError({ type: "SerializationException", message: "The body is not JSON.", cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError({ type: "SerializationException", message: "Start of structure or map found where not expected." });
  }
  return value as Record<string, unknown>;
}

function write(response: ServerResponse, status: number, body: object, headers: Record<string, string>): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(text),
    "x-amzn-requestid": crypto.randomUUID(),
    "x-amz-crc32": String(crc32(text)),
  });
  response.end(text);
}

function toWireError(error: unknown): WireError {
  if (error instanceof WireError) return error;
  return new WireError({ type: "InternalServerError", message: error instanceof Error ? error.message : String(error), status: 500, cause: error });
}

/**
 * An HTTP listener for AWS JSON 1.0: operation in X-Amz-Target, JSON in and out, gzip bodies taken.
 * @throws the listen error (EADDRINUSE) when the port is taken.
 */
export async function startJsonServer({ host, port, targetPrefix, handle, inspect }: JsonServerOptions): Promise<JsonServer> {
  const counts = new Map<string, number>();
  let closing = false;

  function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
    // Looked at when the answer goes out: a connection that is kept alive would hold up the close.
    write(response, status, body, closing ? { ...headers, connection: "close" } : headers);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      const found = inspect(new URL(request.url ?? "/", "http://localhost"));
      send(response, found ? 200 : 404, found ?? { message: "Nothing here." });
      return;
    }
    const target = String(request.headers["x-amz-target"] ?? "");
    if (request.method !== "POST" || !target.startsWith(targetPrefix)) {
      throw new WireError({ type: "UnknownOperationException", message: `Not an operation of this service: ${target}` });
    }
    const operation = target.slice(targetPrefix.length);
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    send(response, 200, await handle(operation, parseBody(await readBody(request))));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return;
      const failure = toWireError(error);
      // A body that was not read to its end cannot be followed by another request.
      const headers = failure.status === 413 ? { ...failure.headers, connection: "close" } : failure.headers;
      send(response, failure.status, failure.body, headers);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, host);
  await once(server, "listening");
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http://${host}:${bound}`,
    port: bound,
    requestCounts: () => Object.fromEntries(counts),
    async close() {
      if (closing) return;
      closing = true;
      const ended = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const deadline = setTimeout(() => server.closeAllConnections(), CLOSE_DEADLINE_MS);
      await ended;
      clearTimeout(deadline);
    },
  };
}
