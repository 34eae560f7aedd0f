import "server-only";
import { auditContext } from "#app/server/audit.ts";
import { authServer } from "#lib/auth/server.ts";
import type { Allowed } from "#lib/contracts/actor.ts";
import type { AuditAction } from "#lib/contracts/audit.ts";
import type { LinkAnswer, PeopleRefusal, Person } from "#lib/contracts/people.ts";
import type { PersonOutcome } from "#lib/gateways/people.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { audited } from "#lib/services/audit/audited.ts";

/** Everybody's rows. */
export const peopleContext = () => ({ people: authServer().people });

const REFUSALS: Readonly<Record<PeopleRefusal, { title: string; detail: string }>> = {
  email_taken: { title: "Somebody has this e-mail already", detail: "They are in the list; give them a new link or another role there." },
  last_admin: { title: "This is the last admin", detail: "Make somebody else an admin first: nobody could undo it." },
  is_demo: { title: "This is a demo person", detail: "Demo people stay as they are." },
  is_self: { title: "This is you", detail: "Ask another admin: nobody changes their own rights." },
  is_disabled: { title: "This person is disabled", detail: "Let them in again first." },
  no_longer_admin: { title: "You are no longer an admin", detail: "Somebody took the role away while your request was under way. Nothing was changed." },
};

export const nobodyThere = () => new HttpProblem({ status: 404, code: "not_found", title: "There is no such person" });

/** The answer to an act that a rule is against. */
export const refused = (refusal: PeopleRefusal) => new HttpProblem({ status: refusal === "no_longer_admin" ? 403 : 409, code: refusal, ...REFUSALS[refusal] });

/** What the audit log keeps of a person. */
function inAudit({ email, name, role, state }: Person) {
  return { email, name, role, state };
}

/** Does an act on a person with its audit. */
export async function auditedPersonAct(
  { allowed, action, id, asked }: { allowed: Allowed<"people:manage">; action: AuditAction; /** null = not there yet. */ id: string | null; asked?: { email?: string } & Record<string, unknown> },
  act: () => Promise<PersonOutcome>,
): Promise<Person> {
  const before = id === null ? null : await authServer().people.find(id);
  if (id !== null && before === null) throw nobodyThere();
  const result = await audited(
    {
      ctx: auditContext(),
      actor: allowed.actor,
      action,
      target: before?.email ?? asked?.email,
      asked,
      ...(before && { before: inAudit(before) }),
      after: (outcome) => (outcome.outcome === "changed" ? inAudit(outcome.person) : undefined),
      outcome: (outcome) => (outcome.outcome === "changed" ? "done" : { outcome: "refused", error: outcome.outcome === "refused" ? outcome.refusal : outcome.outcome }),
    },
    act,
  );
  if (result.outcome === "changed") return result.person;
  if (result.outcome === "not_found") throw nobodyThere();
  throw refused(result.refusal);
}

/** The answer that shows a link: the only one. The token stands behind the #, which browsers keep to themselves. */
export function linkAnswer(person: Person, token: string): LinkAnswer {
  if (person.linkExpiresAt === null) throw new Error("a link was made and is not there");
  return { person, link: `${authServer().config.publicOrigin}/invitation#${token}`, expiresAt: person.linkExpiresAt };
}
