import type { DrainStore } from "#lib/gateways/drain-store.ts";

/** Makes sure that the queue has a drain row; whoever starts first creates it, at the default rate. */
export async function ensureDrain({ ctx }: { ctx: { drain: Pick<DrainStore, "ensure"> } }): Promise<void> {
  await ctx.drain.ensure();
}
