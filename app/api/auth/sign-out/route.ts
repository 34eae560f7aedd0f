import { z } from "zod";
import { auditContext } from "#app/server/audit.ts";
import { endedCookie } from "#lib/auth/better-auth.ts";
import { authServer } from "#lib/auth/server.ts";
import { doneSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { audited } from "#lib/services/audit/audited.ts";

/** Ends the session that asks, in Postgres first: a cookie that was copied is worth nothing either. */
export const POST = defineRoute({
  permission: "any_role",
  body: z.strictObject({}),
  output: doneSchema,
  async call({ allowed: { session }, headers }) {
    const { people, config } = authServer();
    await audited({ ctx: auditContext(), actor: session.actor, action: "session.sign_out" }, () => people.endSession({ personId: session.actor.id, sessionId: session.id }));
    headers.append("set-cookie", endedCookie(config.publicOrigin));
    return { done: true } as const;
  },
});
