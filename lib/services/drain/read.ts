import type { Drain } from "#lib/contracts/drain.ts";
import type { DrainStore } from "#lib/gateways/drain-store.ts";

/**
 * The dial as it stands, with the rate that workers obey.
 * @throws DrainNotFound
 */
export async function readDrain({ ctx }: { ctx: { drain: Pick<DrainStore, "read"> } }): Promise<Drain> {
  return await ctx.drain.read();
}
