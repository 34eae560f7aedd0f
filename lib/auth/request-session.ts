import { authServer } from "./server.ts";
import { readSession, type Session } from "./session.ts";

const READS = new Set(["GET", "HEAD"]);

/**
 * Whose request a route was sent. A page that refreshes itself reads; only what somebody does keeps a session alive.
 * @param polled whether pages send it by themselves, although its method says that something is done.
 */
export function requestSession(request: Request, { polled }: { polled: boolean }): Promise<Session | null> {
  return readSession({ ctx: authServer().sessions, headers: request.headers, used: !polled && !READS.has(request.method) });
}
