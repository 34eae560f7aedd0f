import type { Allowed } from "#lib/contracts/actor.ts";
import type { People } from "#lib/gateways/people.ts";

/** Ends one session of a person, or all of them. @returns how many ended. */
export async function endSessions({
  ctx,
  input,
}: {
  ctx: { people: Pick<People, "endSession" | "endSessions"> };
  by: Allowed<"people:manage">;
  input: { id: string; /** null = all. */ sessionId: string | null };
}): Promise<number> {
  if (input.sessionId === null) return ctx.people.endSessions(input.id);
  return (await ctx.people.endSession({ personId: input.id, sessionId: input.sessionId })) ? 1 : 0;
}
