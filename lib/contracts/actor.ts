import { z } from "zod";

/** What a person may be; what each may do stands in the permission table of lib/auth. */
export const roleSchema = z.enum(["support", "operator", "admin"]);
export type Role = z.infer<typeof roleSchema>;

/** Every right there is. Named by what is touched and what is done to it. */
export const permissionSchema = z.enum([
  "queue:read",
  "drain:write",
  "dead_letters:read",
  "dead_letters:reveal",
  "dead_letters:act",
  "activity:search",
  "activity:erase",
  "people:manage",
  "keys:manage",
  "audit:read",
]);
export type Permission = z.infer<typeof permissionSchema>;

/** Who does something: a person, a script run by whoever holds the database, or the software itself. */
export interface Actor {
  /** A person's id; a fixed word for all others. */
  id: string;
  /** As shown to people. */
  name: string;
  email: string | null;
  /** `nobody` has not signed in (yet): name and e-mail are what was given, and nobody knows whether they are theirs. */
  role: Role | "system" | "script" | "nobody";
}

/** What the software does by itself. */
export const SYSTEM: Actor = { id: "system", name: "system", email: null, role: "system" };

declare const checked: unique symbol;

/**
 * Proof that somebody was asked for a right and has it. Only lib/auth makes one, so a service that demands it cannot
 * be reached by a page or a route that forgot to ask.
 */
export interface Allowed<P extends Permission> {
  readonly permission: P;
  readonly actor: Actor;
  readonly [checked]: P;
}
