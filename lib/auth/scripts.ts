import type { Actor, Allowed, Permission } from "#lib/contracts/actor.ts";

/**
 * The proof of a right for a script: whoever can run one holds the database already. Never called by a page or a route.
 * @param name of the script, as the audit log will say it.
 */
export function allowScript<P extends Permission>(permission: P, name: string): Allowed<P> {
  const actor: Actor = { id: `script:${name}`, name, email: null, role: "script" };
  return { permission, actor } as unknown as Allowed<P>;
}
