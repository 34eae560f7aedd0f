import { z } from "zod";
import { auditLog } from "#app/server/audit.ts";
import { endedCookie } from "#lib/auth/better-auth.ts";
import { authServer } from "#lib/auth/server.ts";
import { signOut } from "#lib/auth/sign-out.ts";
import { doneSchema } from "#lib/contracts/people.ts";
import { defineRoute } from "#lib/http/define-route.ts";

/** Ends the session that asks. */
export const POST = defineRoute({
  permission: "any_role",
  body: z.strictObject({}),
  output: doneSchema,
  async call({ allowed: { session }, headers }) {
    const { people, config } = authServer();
    await signOut({ ctx: { people, audit: auditLog() }, session });
    headers.append("set-cookie", endedCookie(config.publicOrigin));
    return { done: true } as const;
  },
});
