import { processEnvironment } from "#infra/start/process-environment.ts";
import { runScript, scriptUser } from "#infra/start/script.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { API_KEY_LIMITS } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createApiKey } from "#lib/services/api-keys/create.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { type KeyOptions, parseKeyOptions, USAGE } from "./options.ts";

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

process.exitCode = await runScript({ script: "key:create", usage: USAGE, undone: "No key was made", parsed: parseKeyOptions(process.argv.slice(2)), run: create });
