import { roleSchema } from "#lib/contracts/actor.ts";
import type { Actor, Role } from "#lib/contracts/actor.ts";
import { SESSION_LIMITS } from "#lib/contracts/people.ts";
import type { People } from "#lib/gateways/people.ts";
import type { BetterAuth } from "./better-auth.ts";

const IDLE_MS = SESSION_LIMITS.idleHours * 3_600_000;
/** Within this a second use is not noted again, so that reading costs no write. */
const SEEN_EVERY_MS = 60_000;

/** A signed-in person, as of this request. */
export interface Session {
  id: string;
  actor: Actor & { role: Role; email: string };
  demo: boolean;
}

export interface SessionContext {
  auth: BetterAuth;
  people: Pick<People, "seen" | "endSession">;
  demoPeople: boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Whose request it is. Session and person are read from Postgres each time, so that a role taken away, a person
 * disabled and a session ended count from the next request on.
 * @param used whether somebody does something, as against a page that refreshes itself: only that keeps a session from
 * its idle limit.
 * @throws the database's error when it does not answer.
 */
export async function readSession({ ctx, headers, used }: { ctx: SessionContext; headers: Headers; used: boolean }): Promise<Session | null> {
  const cookie = headers.get("cookie");
  if (cookie === null) return null;
  const found = await ctx.auth.api.getSession({ headers: new Headers({ cookie }), query: { disableCookieCache: true, disableRefresh: true } });
  if (found === null) return null;
  const { session, user } = found;
  const role = roleSchema.safeParse(user.role);
  if (!role.success || user.disabledAt instanceof Date || (user.demo && !ctx.demoPeople)) return null;
  const idleMs = ctx.now() - new Date(session.lastSeenAt ?? session.createdAt).getTime();
  if (idleMs > IDLE_MS) {
    await ctx.people.endSession({ personId: user.id, sessionId: session.id });
    return null;
  }
  if (used && idleMs > SEEN_EVERY_MS) await ctx.people.seen(session.id);
  return { id: session.id, actor: { id: user.id, name: user.name, email: user.email, role: role.data }, demo: user.demo };
}
