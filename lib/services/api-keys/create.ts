import type { Allowed } from "#lib/contracts/actor.ts";
import type { ApiKeyScope, NewApiKey } from "#lib/contracts/api-keys.ts";
import type { newApiKey } from "#lib/domain/api-key.ts";
import type { ApiKeys, InsertOutcome } from "#lib/gateways/api-keys.ts";

export type CreateOutcome = ({ outcome: "created" } & NewApiKey) | Exclude<InsertOutcome, { outcome: "created" }>;

/**
 * Makes a key. Its whole text is in the result and nowhere else.
 * @param made the random part, made beforehand so that an audit can name the id.
 */
export async function createApiKey({
  ctx,
  by,
  made,
  input,
}: {
  ctx: { keys: Pick<ApiKeys, "insert"> };
  by: Allowed<"keys:manage">;
  made: ReturnType<typeof newApiKey>;
  input: {
    name: string;
    scopes: readonly ApiKeyScope[];
    /** null = it never expires. */
    lifetimeSeconds: number | null;
  };
}): Promise<CreateOutcome> {
  const result = await ctx.keys.insert({ ...input, id: made.id, hash: made.hash, createdBy: by.actor.name });
  return result.outcome === "created" ? { ...result, key: made.key } : result;
}
