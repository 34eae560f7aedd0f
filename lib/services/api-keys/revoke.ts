import type { Allowed } from "#lib/contracts/actor.ts";
import type { ApiKeys, RevokeOutcome } from "#lib/gateways/api-keys.ts";

/** Ends a key for good. Every process refuses it within 30 s, as long as it reaches Postgres. */
export function revokeApiKey({ ctx, by, input }: { ctx: { keys: Pick<ApiKeys, "revoke"> }; by: Allowed<"keys:manage">; input: { id: string } }): Promise<RevokeOutcome> {
  return ctx.keys.revoke({ id: input.id, by: by.actor.name });
}
