import type { Allowed } from "#lib/contracts/actor.ts";
import type { People, PersonOutcome } from "#lib/gateways/people.ts";

/** Makes a person a new link to set a password with; an earlier one is of no use from now on. */
export function newLink({ ctx, by, input }: { ctx: { people: Pick<People, "newLink"> }; by: Allowed<"people:manage">; input: { id: string; tokenHash: string } }): Promise<PersonOutcome> {
  return ctx.people.newLink({ ...input, by: by.actor });
}
