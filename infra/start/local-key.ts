import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { allowScript } from "#lib/auth/scripts.ts";
import { apiKeyHash, apiKeyId, newApiKey, sameHash } from "#lib/domain/api-key.ts";
import { type ApiKeys, createApiKeys } from "#lib/gateways/api-keys.ts";
import { type AuditLog, createAuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createApiKey } from "#lib/services/api-keys/create.ts";
import { revokeApiKey } from "#lib/services/api-keys/revoke.ts";
import { audited } from "#lib/services/audit/audited.ts";

/** Keys of this name are the local start's own: the newest is the one in the file. */
const NAME = "local";
const BY = allowScript("keys:manage", "npm start");

/** Where the local start keeps its key for the tools of this user, the key alone on a line. */
export const localKeyFile = (stateDirectory: string) => join(stateDirectory, "api-key");

/** The local start's key, or null when it has made none. */
export async function readLocalKey(stateDirectory: string): Promise<string | null> {
  const text = await readFile(localKeyFile(stateDirectory), "utf8").catch(() => null);
  return text?.trim() || null;
}

async function writeLocalKey(stateDirectory: string, key: string): Promise<void> {
  const file = localKeyFile(stateDirectory);
  await writeFile(`${file}.new`, `${key}\n`, { mode: 0o600 });
  // The mode above is for a new file only.
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}

async function opens(keys: ApiKeys, key: string | null): Promise<boolean> {
  const id = key === null ? null : apiKeyId(key);
  if (key === null || id === null) return false;
  const found = (await keys.active()).find((one) => one.id === id);
  return found !== undefined && sameHash(found.hash, apiKeyHash(key));
}

/** Revokes the local start's own keys: their file is gone or of no use. */
async function revokeOld(keys: ApiKeys, audit: AuditLog): Promise<void> {
  const { items } = await keys.list({ endedLimit: 0 });
  for (const { id } of items.filter(({ name, createdBy }) => (name === NAME || name.startsWith(`${NAME} `)) && createdBy === BY.actor.name)) {
    await audited({ ctx: { audit }, actor: BY.actor, action: "key.revoke", target: id }, () => revokeApiKey({ ctx: { keys }, by: BY, input: { id } }));
  }
}

/**
 * Sees that the folder has a key that opens the public API of this machine; makes one where it has none.
 * @throws Error when Postgres does not answer, or the queue has as many keys as it may.
 */
export async function ensureLocalKey({ databaseUrl, queue, stateDirectory }: { databaseUrl: string; queue: string; stateDirectory: string }): Promise<void> {
  const db = openDb({ databaseUrl, applicationName: "spillway-start", poolSize: 1 });
  try {
    const keys = createApiKeys({ db, queue });
    const audit = createAuditLog({ db, queue });
    if (await opens(keys, await readLocalKey(stateDirectory))) return;
    await revokeOld(keys, audit);
    const made = newApiKey();
    // Somebody may have given two keys this name by hand.
    const taken = (await keys.list({ endedLimit: 0 })).items.some(({ name }) => name === NAME);
    const input = { name: taken ? `${NAME} ${made.id}` : NAME, scopes: ["ingest", "read"] as const, lifetimeSeconds: null };
    const result = await audited({ ctx: { audit }, actor: BY.actor, action: "key.create", target: made.id, asked: input }, () => createApiKey({ ctx: { keys }, by: BY, made, input }));
    if (result.outcome !== "created") throw new Error(`no API key for this machine could be made (${result.outcome}): revoke some on the API keys page`);
    await writeLocalKey(stateDirectory, result.key);
  } finally {
    await db.$disconnect();
  }
}
