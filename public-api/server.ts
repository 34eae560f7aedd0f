import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";
import { SLOW_MS } from "./admission.ts";
import { postBeacon, uncheckedBodies } from "./beacon.ts";
import { endBrokenConnections } from "./broken-connections.ts";
import { checkKey } from "./check-key.ts";
import { createCors } from "./cors.ts";
import type { Log } from "./log.ts";
import { createReference } from "./openapi/serve.ts";
import { postActivities, type PostActivitiesContext } from "./post-activities.ts";
import { problems } from "./problems.ts";
import { readActivities, type ReadActivitiesContext } from "./read-activities.ts";
import { refuseUnread, respond } from "./respond.ts";
import { matchRoute, type PublicApiRouteName } from "./routes.ts";

/** What was found in the request's head: what its address says, and which key it has. */
interface Asked {
  parts: Readonly<Record<string, string>>;
  /** What stands after the question mark. */
  search: string;
  keyId: string | null;
}
type Handler = (request: IncomingMessage, response: ServerResponse, asked: Asked) => Promise<void> | void;

export interface PublicApi {
  server: Server;
  /** Takes no new connections and ends when every request taken has its answer; a body that is still coming in has 5 s. */
  stop(graceMs: number): Promise<void>;
}

/** Longest a connection may carry no byte beyond the wait for verdicts, milliseconds: a reader that stopped reading. */
const STALLED_MS = 30_000;

/** The HTTP face of the public API; it does not listen yet. */
export function createPublicApi({
  ctx,
  reads,
  authenticate,
  log,
  corsOrigins = [],
  stalledMs = STALLED_MS,
  slowMs = SLOW_MS,
}: {
  ctx: PostActivitiesContext;
  /** What activities are read with; without it they cannot be read here. */
  reads?: ReadActivitiesContext;
  authenticate: Authenticate;
  log: Log;
  /** Origins whose pages may send; `*` alone is any. */
  corsOrigins?: readonly string[];
  stalledMs?: number;
  /** Time that a body still coming in has once the process stops, milliseconds. */
  slowMs?: number;
}): PublicApi {
  let stopping = false;
  /** Answers to come of requests that came before the stop. */
  const open = new Set<ServerResponse>();
  const cors = createCors(corsOrigins);
  const unchecked = uncheckedBodies();

  const handlers: Readonly<Record<PublicApiRouteName, Handler>> = {
    postActivities: (request, response) => postActivities(ctx, request, response),
    postBeacon: (request, response) => postBeacon({ ...ctx, authenticate, cors, unchecked }, request, response),
    getActivities: (request, response, { parts, search, keyId }) => {
      if (!reads) return refuseUnread(request, response, problems.readsUnavailable(), { "Retry-After": "60" });
      return readActivities({ ...reads, admission: ctx.admission }, { request, response, userId: parts.userId ?? "", search, keyId: keyId ?? "" });
    },
    ...createReference(),
    // Only whoever is still connected can ask while it stops, as a load balancer is.
    health: (_request, response) => respond(response, stopping ? 503 : 200, { status: stopping ? "stopping" : "ok" }),
  };

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "", ...search] = (request.url ?? "").split("?");
    const match = matchRoute(request.method ?? "", path);
    const key = checkKey(authenticate, match, request, response);
    if (!key) return;
    if (match.kind === "route") return handlers[match.name](request, response, { parts: match.parts, search: search.join("?"), keyId: key.keyId });
    if (match.kind === "not_found") return refuseUnread(request, response, problems.notFound());
    return refuseUnread(request, response, problems.methodNotAllowed(match.allowed), { Allow: match.allowed });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (stopping) response.setHeader("Connection", "close");
    else open.add(response);
    try {
      if (cors.apply(request, response)) return;
      await route(request, response);
    } catch (cause) {
      log("error", "request_failed", { error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
      // Only what is sent can have had an effect.
      refuseUnread(request, response, request.method === "POST" ? problems.failed() : problems.readFailed());
    } finally {
      open.delete(response);
    }
  }

  // Bounds on slow senders: headers within 10 s, the whole request within 30 s.
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 1_000 });
  // An answer that is not read is held in memory, and no longer counted as work.
  server.setTimeout(ctx.deadlineMs + stalledMs);
  endBrokenConnections(server);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => void handle(request, response);
  server.on("request", onRequest);
  // Without this Node asks for the body before anything was checked.
  server.on("checkContinue", onRequest);

  return {
    server,
    stop(graceMs) {
      stopping = true;
      // Or the sender would put its next request on a connection that is about to end.
      for (const response of open) if (!response.headersSent) response.setHeader("Connection", "close");
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      const slow = setTimeout(() => {
        ctx.admission.endReading();
        unchecked.endReading();
      }, slowMs);
      // A kept-alive connection becomes idle when its last answer is out, and nothing else would end it.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      server.close(() => {
        clearTimeout(timer);
        clearTimeout(slow);
        clearInterval(sweep);
        resolve();
      });
      return promise;
    },
  };
}
