import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import type { Db } from "#lib/gateways/db.ts";

/** Makes a key of the queue's public API, for a producer of a test or a run. @returns its whole text. */
export async function makeApiKey({ db, queue, scopes = ["ingest"] }: { db: Db; queue: string; scopes?: readonly ApiKeyScope[] }): Promise<string> {
  const { id, key, hash } = newApiKey();
  const result = await createApiKeys({ db, queue }).insert({ id, hash, name: id, scopes, createdBy: "test", lifetimeSeconds: null });
  if (result.outcome !== "created") throw new Error(`no API key was made: ${result.outcome}`);
  return key;
}
