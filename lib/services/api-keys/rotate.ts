import type { Allowed } from "#lib/contracts/actor.ts";
import type { NewApiKey } from "#lib/contracts/api-keys.ts";
import type { newApiKey } from "#lib/domain/api-key.ts";
import type { ApiKeys, RotateOutcome as Rotated } from "#lib/gateways/api-keys.ts";

const SECONDS_PER_HOUR = 3_600;

export type RotateOutcome = ({ outcome: "created" } & NewApiKey) | Exclude<Rotated, { outcome: "created" }>;

/** Makes a key to replace a live one: same name, scopes and lifetime. Both open until the old one ends. */
export async function rotateApiKey({
  ctx,
  by,
  made,
  input,
}: {
  ctx: { keys: Pick<ApiKeys, "rotate"> };
  by: Allowed<"keys:manage">;
  made: ReturnType<typeof newApiKey>;
  input: {
    id: string;
    /** How long the old key goes on at most; null = until it is revoked or expires. */
    overlapHours: number | null;
  };
}): Promise<RotateOutcome> {
  const overlapSeconds = input.overlapHours === null ? null : input.overlapHours * SECONDS_PER_HOUR;
  const result = await ctx.keys.rotate({ from: input.id, id: made.id, hash: made.hash, createdBy: by.actor.name, overlapSeconds });
  return result.outcome === "created" ? { ...result, key: made.key } : result;
}
