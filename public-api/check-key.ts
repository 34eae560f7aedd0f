import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import type { Authenticate, Authenticated } from "#lib/services/api-keys/key-ring.ts";
import { problems } from "./problems.ts";
import { refuseUnread } from "./respond.ts";
import type { Match } from "./routes.ts";

const CHALLENGE = 'Bearer realm="spillway"';
/** Seconds that a producer is told to wait while the keys cannot be read. */
const KEYS_UNKNOWN_RETRY_SECONDS = 5;

/** Answers a request whose key does not open what it asks for. */
export function refuseForKey({ reason }: Extract<Authenticated, { ok: false }>, scope: ApiKeyScope | null, request: IncomingMessage, response: ServerResponse): void {
  if (reason === "keys_unknown") {
    refuseUnread(request, response, problems.keysUnknown(), { "Retry-After": String(KEYS_UNKNOWN_RETRY_SECONDS) });
  } else if (reason === "wrong_scope" && scope !== null) {
    refuseUnread(request, response, problems.wrongScope(scope), { "WWW-Authenticate": `${CHALLENGE}, error="insufficient_scope", scope="${scope}"` });
  } else {
    refuseUnread(request, response, problems.unauthorized(), { "WWW-Authenticate": CHALLENGE });
  }
}

/**
 * Checks the key before anything of the body is read, and answers where it does not open what was asked for. Absent,
 * malformed, unknown, wrong, expired and revoked are answered alike; only whoever has a good key learns of its scope.
 * An address whose key comes in the body checks it itself.
 * @returns the key's id where one was asked for, or null when the request has its answer.
 */
export function checkKey(authenticate: Authenticate, match: Match, request: IncomingMessage, response: ServerResponse): { keyId: string | null } | null {
  const scope = match.kind === "route" ? match.scope : null;
  if (match.kind === "route" ? scope === null : !match.needsKey) return { keyId: null };
  if (match.kind === "route" && match.keyIn === "body") return { keyId: null };
  const result = authenticate(request.headers.authorization ?? null, scope);
  if (result.ok) return result;
  refuseForKey(result, scope, request, response);
  return null;
}
