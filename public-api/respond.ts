import type { IncomingMessage, ServerResponse } from "node:http";
import type { IngestProblem } from "#lib/contracts/ingest.ts";
import { PROBLEM_CONTENT_TYPE } from "#lib/contracts/problem.ts";

/** How long a refused body is still taken off the wire, so that the sender can read the refusal. Milliseconds. */
const LINGER_MS = 1_000;
/** Unread bodies up to this size are read away by Node and the connection stays; bytes. */
const SMALL_BODY_BYTES = 64 * 1024;

/** Kept nowhere; nothing of it is guessed, run, framed or read by a page of another origin. */
const ALWAYS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

/** What every answer carries. A page that may read it by CORS is told so twice, or the browser logs a fault for each beacon. */
function shell(response: ServerResponse): Headers {
  return response.hasHeader("Access-Control-Allow-Origin") ? { ...ALWAYS, "Cross-Origin-Resource-Policy": "cross-origin" } : ALWAYS;
}

export type Headers = Readonly<Record<string, string>>;

/** Answers with JSON, unless an answer has begun or nobody is there to get it. */
export function respond(response: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  respondText(response, status, `${JSON.stringify(body)}\n`, headers);
}

/** Answers with a text that is JSON unless a header says else. */
export function respondText(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    ...shell(response),
    ...headers,
  });
  response.end(text);
}

/** Answers with a problem (RFC 9457). */
export function respondProblem(response: ServerResponse, problem: IngestProblem, headers: Headers = {}): void {
  respond(response, problem.status, problem, { "Content-Type": PROBLEM_CONTENT_TYPE, ...headers });
}

/** Answers without a body. */
export function respondEmpty(response: ServerResponse, status: number, headers: Headers = {}): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...shell(response), ...headers });
  response.end();
}

/** Whether what is left of the body is little and will come: after a 408 nobody waits for it (RFC 9110, section 15.5.9). */
function hasSmallBody({ headers }: IncomingMessage, { status }: IngestProblem): boolean {
  if (status === 408) return false;
  if (headers["transfer-encoding"] !== undefined || headers.expect !== undefined) return false;
  return Number(headers["content-length"] ?? 0) <= SMALL_BODY_BYTES;
}

/**
 * Answers a request whose body is not wanted, and closes the connection unless little is left to come. Closing at once would reset it while the
 * sender still writes, and the answer would be lost; so what still comes is thrown away for a moment.
 */
export function refuseUnread(request: IncomingMessage, response: ServerResponse, problem: IngestProblem, headers: Headers = {}): void {
  if (response.headersSent || response.destroyed) return;
  if (request.complete || hasSmallBody(request, problem)) {
    respondProblem(response, problem, headers);
    // Half read and left so, it would keep the connection's next request waiting for ever.
    request.resume();
    return;
  }
  const text = `${JSON.stringify(problem)}\n`;
  response.writeHead(problem.status, {
    "Content-Type": PROBLEM_CONTENT_TYPE,
    "Content-Length": Buffer.byteLength(text),
    ...shell(response),
    Connection: "close",
    ...headers,
  });
  response.write(text);
  const timer = setTimeout(() => response.end(), LINGER_MS);
  const finish = () => {
    clearTimeout(timer);
    response.end();
  };
  request.once("end", finish).once("close", finish).resume();
}
