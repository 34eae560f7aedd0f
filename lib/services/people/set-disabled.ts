import type { Allowed } from "#lib/contracts/actor.ts";
import type { People, PersonOutcome } from "#lib/gateways/people.ts";

/** Shuts a person out, sessions and all, or lets them in again. What they did stays theirs in every record. */
export function setDisabled({ ctx, by, input }: { ctx: { people: Pick<People, "setDisabled"> }; by: Allowed<"people:manage">; input: { id: string; disabled: boolean } }): Promise<PersonOutcome> {
  return ctx.people.setDisabled({ ...input, by: by.actor });
}
