import type { Allowed } from "#lib/contracts/actor.ts";
import type { InviteRequest } from "#lib/contracts/people.ts";
import type { People, PersonOutcome } from "#lib/gateways/people.ts";

/**
 * Adds a person, who comes in by a one-time link or, where there is single sign-on, by their e-mail.
 * @param tokenHash of the link; its token is in nobody's hands but the caller's.
 */
export function invite({ ctx, by, input }: { ctx: { people: Pick<People, "invite"> }; by: Allowed<"people:manage">; input: InviteRequest & { tokenHash: string } }): Promise<PersonOutcome> {
  return ctx.people.invite({ ...input, by: by.actor });
}
