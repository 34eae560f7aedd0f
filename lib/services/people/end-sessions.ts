import type { Allowed } from "#lib/contracts/actor.ts";
import type { People } from "#lib/gateways/people.ts";

/** Ends one session of a person, or all of them. @returns how many ended; null where whoever asks is no admin any more. */
export function endSessions({
  ctx,
  by,
  input,
}: {
  ctx: { people: Pick<People, "endSessions"> };
  by: Allowed<"people:manage">;
  input: { id: string; /** null = all. */ sessionId: string | null };
}): Promise<number | null> {
  return ctx.people.endSessions({ personId: input.id, sessionId: input.sessionId, by: by.actor });
}
