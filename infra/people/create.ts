import { processEnvironment } from "#infra/start/process-environment.ts";
import { runScript, scriptUser } from "#infra/start/script.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { webConfig } from "#lib/config/web.ts";
import type { InviteRequest } from "#lib/contracts/people.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createPeople, type PersonOutcome } from "#lib/gateways/people.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { invite } from "#lib/services/people/invite.ts";
import { newLink } from "#lib/services/people/new-link.ts";
import { parseUserOptions, USAGE } from "./options.ts";

const REFUSALS: Readonly<Record<string, string>> = {
  is_demo: "this is a demo person, who needs no link",
  is_disabled: "this person is disabled: let them in again on the people page first",
};

/** Adds the person, or makes a new link for one who is there. */
async function create(input: InviteRequest): Promise<number> {
  const env = await processEnvironment(process.env);
  const { databaseUrl, queue } = backendConfig(env);
  const { publicOrigin } = webConfig(env, { deployed: true });
  const db = openDb({ databaseUrl, applicationName: "spillway-user-create", poolSize: 1 });
  try {
    const by = allowScript("people:manage", `user:create (${scriptUser()})`);
    const ctx = { people: createPeople({ db }) };
    const { token, hash } = newLinkToken();
    const known = (await ctx.people.list()).find(({ email }) => email === input.email);
    const act = {
      ctx: { audit: createAuditLog({ db, queue }) },
      actor: by.actor,
      target: input.email,
      outcome: (result: PersonOutcome) => (result.outcome === "changed" ? ("done" as const) : ({ outcome: "refused", error: result.outcome === "refused" ? result.refusal : result.outcome } as const)),
    };
    const result =
      known === undefined
        ? await audited({ ...act, action: "person.create", asked: input }, () => invite({ ctx, by, input: { ...input, tokenHash: hash } }))
        : await audited({ ...act, action: "person.link" }, () => newLink({ ctx, by, input: { id: known.id, tokenHash: hash } }));
    if (result.outcome !== "changed") {
      console.error(`There is no link: ${result.outcome === "refused" ? (REFUSALS[result.refusal] ?? result.refusal) : "the person went away meanwhile"}.`);
      return 1;
    }
    const { person } = result;
    console.log(`${publicOrigin}/invitation#${token}`);
    console.error(`${known === undefined ? "Added" : "Already there:"} ${person.name} <${person.email}>, ${person.role}. The link works once, until ${person.linkExpiresAt}; it is shown this once.`);
    return 0;
  } finally {
    await db.$disconnect();
  }
}

process.exitCode = await runScript({ script: "user:create", usage: USAGE, undone: "Nobody was added", parsed: parseUserOptions(process.argv.slice(2)), run: create });
