import type { People } from "#lib/gateways/people.ts";
import { type TellContext, tellAudit } from "#lib/services/audit/tell-audit.ts";
import type { Session } from "./session.ts";

/**
 * Ends the session that asks, in Postgres: a cookie that was copied is worth nothing either. Who wants to leave may, also
 * while the audit log cannot be written.
 */
export async function signOut({ ctx, session: { id, actor } }: { ctx: { people: Pick<People, "endSession"> } & TellContext; session: Pick<Session, "id" | "actor"> }): Promise<void> {
  await ctx.people.endSession({ personId: actor.id, sessionId: id });
  await tellAudit({ ctx, event: { actor, action: "session.sign_out" }, end: { outcome: "done" } });
}
