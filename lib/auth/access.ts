import type { Allowed, Permission } from "#lib/contracts/actor.ts";
import { may, type Requirement } from "./permissions.ts";
import type { Session } from "./session.ts";

/** What a route that asks for a requirement is given. */
export type Granted<R extends Requirement> = R extends Permission ? Allowed<R> & { session: Session } : R extends "any_role" ? { session: Session } : null;

export type Access<R extends Requirement> = { access: "granted"; granted: Granted<R> } | { access: "signed_out" } | { access: "forbidden"; session: Session };

/** The one place where the proof of a right is made. */
function proof<P extends Permission>(permission: P, session: Session): Allowed<P> & { session: Session } {
  return { permission, actor: session.actor, session } as unknown as Allowed<P> & { session: Session };
}

/** Holds a session against what is asked for. */
export function decide<R extends Requirement>(requirement: R, session: Session | null): Access<R> {
  const grant = (granted: unknown): Access<R> => ({ access: "granted", granted: granted as Granted<R> });
  if (requirement === "public") return grant(null);
  if (session === null) return { access: "signed_out" };
  if (requirement === "any_role") return grant({ session });
  return may(session.actor.role, requirement) ? grant(proof(requirement, session)) : { access: "forbidden", session };
}
