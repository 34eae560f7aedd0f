import type { ApiKeys, RevokeOutcome } from "#lib/gateways/api-keys.ts";
import type { KeyManager } from "./manager.ts";

/** Ends a key for good. Every process refuses it within 30 s, as long as it reaches Postgres. */
export function revokeApiKey({ ctx, by, input }: { ctx: { keys: Pick<ApiKeys, "revoke"> }; by: KeyManager; input: { id: string } }): Promise<RevokeOutcome> {
  return ctx.keys.revoke({ id: input.id, by: by.actor.name });
}
