import type { Allowed, Role } from "#lib/contracts/actor.ts";
import type { People, PersonOutcome } from "#lib/gateways/people.ts";

/** Gives a person another role. Their sessions end, so that nothing goes on with the old one. */
export function setRole({ ctx, by, input }: { ctx: { people: Pick<People, "setRole"> }; by: Allowed<"people:manage">; input: { id: string; role: Role } }): Promise<PersonOutcome> {
  return ctx.people.setRole({ ...input, by: by.actor });
}
