import type { Allowed } from "#lib/contracts/actor.ts";
import type { ApiKeyList } from "#lib/contracts/api-keys.ts";
import type { ApiKeys } from "#lib/gateways/api-keys.ts";

/** Ended keys listed beside the live ones: for whoever asks what became of one. */
const ENDED_LISTED = 100;

/** Every live key and the latest that are not, newest first. */
export function listApiKeys({ ctx }: { ctx: { keys: Pick<ApiKeys, "list"> }; by: Allowed<"keys:manage"> }): Promise<ApiKeyList> {
  return ctx.keys.list({ endedLimit: ENDED_LISTED });
}
