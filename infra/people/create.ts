import { userInfo } from "node:os";
import { EXIT_CONFIG, EXIT_USAGE, StartError } from "#infra/start/errors.ts";
import { processEnvironment } from "#infra/start/process-environment.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { ConfigError } from "#lib/config/parse-env.ts";
import { webConfig } from "#lib/config/web.ts";
import type { InviteRequest } from "#lib/contracts/people.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import { AuditUnavailable, createAuditLog } from "#lib/gateways/audit-log.ts";
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

function scriptUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown user";
  }
}

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

/** @returns what a person is told instead of a stack, or null. */
function faultOf(error: unknown): { message: string; exitCode: number } | null {
  if (error instanceof StartError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof ConfigError) return { message: error.message, exitCode: EXIT_CONFIG };
  if (error instanceof AuditUnavailable) return { message: "Nobody was added: the audit log in Postgres cannot be written. Is the database there and migrated?", exitCode: 1 };
  return null;
}

const parsed = parseUserOptions(process.argv.slice(2));
switch (parsed.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(`${parsed.message} (npm run user:create -- --help tells more)`);
    process.exitCode = EXIT_USAGE;
    break;
  case "run":
    try {
      process.exitCode = await create(parsed.options);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === null) throw error;
      console.error(fault.message);
      process.exitCode = fault.exitCode;
    }
}
