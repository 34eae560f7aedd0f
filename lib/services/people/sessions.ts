import type { Allowed } from "#lib/contracts/actor.ts";
import type { PersonSession } from "#lib/contracts/people.ts";
import type { People } from "#lib/gateways/people.ts";

/** Where a person is signed in. @param input.current the session that asks. */
export function sessions({ ctx, input }: { ctx: { people: Pick<People, "sessions"> }; by: Allowed<"people:manage">; input: { id: string; current: string } }): Promise<PersonSession[]> {
  return ctx.people.sessions({ personId: input.id, current: input.current });
}
