import type { Allowed } from "#lib/contracts/actor.ts";
import type { Person } from "#lib/contracts/people.ts";
import type { People } from "#lib/gateways/people.ts";

/** Everybody who may sign in, or could. */
export function listPeople({ ctx }: { ctx: { people: Pick<People, "list"> }; by: Allowed<"people:manage"> }): Promise<Person[]> {
  return ctx.people.list();
}
