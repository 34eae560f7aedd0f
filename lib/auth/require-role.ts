import "server-only";
import { headers } from "next/headers";
import { forbidden, redirect } from "next/navigation";
import { cache } from "react";
import type { Permission } from "#lib/contracts/actor.ts";
import { decide, type Granted } from "./access.ts";
import { authServer } from "./server.ts";
import { readSession, type Session } from "./session.ts";

/** Who has asked for this page; read once per request. */
export const pageSession = cache(async (): Promise<Session | null> => readSession({ ctx: authServer().sessions, headers: await headers(), used: true }));

/**
 * Asks for a right before a page reads anything. Who is not signed in is sent to sign in, and who may not is told so.
 * @param path of the page, to come back to.
 */
export async function requireRole<P extends Permission>(permission: P, path: string): Promise<Granted<P>> {
  const decision = decide(permission, await pageSession());
  if (decision.access === "signed_out") redirect(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`);
  if (decision.access === "forbidden") forbidden();
  return decision.granted;
}
