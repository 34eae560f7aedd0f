import { authServer } from "./server.ts";
import { readSession, type Session } from "./session.ts";

const READS = new Set(["GET", "HEAD"]);

/** Whose request a route was sent. A page that refreshes itself reads; only what changes something keeps a session alive. */
export function requestSession(request: Request): Promise<Session | null> {
  return readSession({ ctx: authServer().sessions, headers: request.headers, used: !READS.has(request.method) });
}
