import { userInfo } from "node:os";
import { EXIT_CONFIG, EXIT_USAGE, StartError } from "#infra/start/errors.ts";
import { processEnvironment } from "#infra/start/process-environment.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { ConfigError } from "#lib/config/parse-env.ts";
import { API_KEY_LIMITS } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { AuditUnavailable, createAuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createApiKey } from "#lib/services/api-keys/create.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { type KeyOptions, parseKeyOptions, USAGE } from "./options.ts";

function scriptUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown user";
  }
}

async function create({ json, ...input }: KeyOptions): Promise<number> {
  const { databaseUrl, queue } = backendConfig(await processEnvironment(process.env));
  const db = openDb({ databaseUrl, applicationName: "spillway-key-create", poolSize: 1 });
  try {
    const by = allowScript("keys:manage", `key:create (${scriptUser()})`);
    const made = newApiKey();
    const act = { ctx: { audit: createAuditLog({ db, queue }) }, actor: by.actor, action: "key.create", target: made.id, asked: input } as const;
    const result = await audited(
      { ...act, outcome: ({ outcome }) => (outcome === "created" ? "done" : { outcome: "refused", error: outcome }), after: (result) => (result.outcome === "created" ? result.apiKey : undefined) },
      () => createApiKey({ ctx: { keys: createApiKeys({ db, queue }) }, by, made, input }),
    );
    if (result.outcome !== "created") {
      const why = result.outcome === "name_in_use" ? `${API_KEY_LIMITS.livePerName} live keys are named "${input.name}"` : `the queue has ${API_KEY_LIMITS.live} live keys`;
      console.error(`No key was made: ${why}. Revoke one on the API keys page first.`);
      return 1;
    }
    const { id, name, scopes, createdAt, expiresAt } = result.apiKey;
    if (json) console.log(JSON.stringify({ id, key: result.key, queue, name, scopes, createdAt, expiresAt }));
    else {
      console.log(result.key);
      console.error(`Key ${id} "${name}" of ${queue}: ${scopes.join(", ")}, ${expiresAt === null ? "never expires" : `expires ${expiresAt}`}.`);
      console.error("It is shown this once: keep it where your secrets are. The public API takes it within 10 seconds.");
    }
    return 0;
  } finally {
    await db.$disconnect();
  }
}

/** @returns what a person is told instead of a stack, or null. */
function faultOf(error: unknown): { message: string; exitCode: number } | null {
  if (error instanceof StartError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof ConfigError) return { message: error.message, exitCode: EXIT_CONFIG };
  if (error instanceof AuditUnavailable) return { message: "No key was made: the audit log in Postgres cannot be written. Is the database there and migrated?", exitCode: 1 };
  return null;
}

const parsed = parseKeyOptions(process.argv.slice(2));
switch (parsed.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(`${parsed.message} (npm run key:create -- --help tells more)`);
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
