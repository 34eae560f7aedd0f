import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { problems } from "./problems.ts";
import { respondProblem } from "./respond.ts";

/** Raw answers for what never became a request, by Node's own error codes. */
const LINES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
};

/** How long a sender has for reading the last answer before the connection is cut, milliseconds. */
const LINGER_MS = 1_000;

/** Ends our half, and soon the other: a sender that never ends its own would hold the connection for ever. */
function end(socket: Duplex, last = ""): void {
  socket.end(last);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Ends connections that carry something other than HTTP. What was asked before on the same connection gets its own
 * answer first: a sender takes the first answer for its first request, and must not read "400" for what was queued.
 */
export function endBrokenConnections(server: Server): void {
  /** Answers that have not gone out, by their connection, in the order of the requests. */
  const open = new Map<Duplex, Map<ServerResponse, IncomingMessage>>();
  const broken = new WeakSet<Duplex>();

  const follow = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const answers = open.get(socket) ?? new Map<ServerResponse, IncomingMessage>();
    open.set(socket, answers.set(response, request));
    response.once("close", () => {
      answers.delete(response);
      if (broken.has(socket) && ![...answers.values()].some((other) => other.complete)) end(socket);
      if (answers.size === 0) open.delete(socket);
    });
  };
  server.on("request", follow);
  server.on("checkContinue", follow);

  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (broken.has(socket)) return;
    broken.add(socket);
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const answers = open.get(socket) ?? new Map<ServerResponse, IncomingMessage>();
    if ([...answers.values()].some((request) => request.complete)) return;
    // Whoever ended only its own half can still read why its body was not taken.
    const [[response, request] = []] = answers;
    if (response && request?.method === "POST" && error.code === "HPE_INVALID_EOF_STATE" && !response.headersSent) {
      // Once a request has its answer, Node tells nobody that it was cut.
      response.once("close", () => request.destroy());
      respondProblem(response, problems.incomplete(), { Connection: "close" });
      return;
    }
    // Nothing complete waits; the request that broke may have been answered already, from its headers alone.
    if ([...answers.keys()].some((response) => response.headersSent)) end(socket);
    else end(socket, `HTTP/1.1 ${LINES[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
}
