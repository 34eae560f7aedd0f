import type { Actor, Allowed } from "#lib/contracts/actor.ts";

/** Who may make and end keys: a person with the right to, or a script of whoever holds the database. */
export type KeyManager = Allowed<"keys:manage"> | { readonly actor: Actor & { role: "script" | "system" } };
