import { apiKeys, auditedKeyAct, newKeyAnswer } from "#app/server/api-keys.ts";
import { apiKeyListSchema, apiKeyRequestSchema, newApiKeySchema } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { createApiKey } from "#lib/services/api-keys/create.ts";
import { listApiKeys } from "#lib/services/api-keys/list.ts";

const SECONDS_PER_DAY = 86_400;

/** Every live key and the latest ended ones, without their secrets: nobody has them. */
export const GET = defineRoute({
  permission: "keys:manage",
  output: apiKeyListSchema,
  call: ({ allowed }) => listApiKeys({ ctx: { keys: apiKeys() }, by: allowed }),
});

/** Makes a key; this answer is the only one that holds it. */
export const POST = defineRoute({
  permission: "keys:manage",
  body: apiKeyRequestSchema,
  output: newApiKeySchema,
  status: 201,
  async call({ allowed, body }) {
    const made = newApiKey();
    const input = { name: body.name, scopes: body.scopes, lifetimeSeconds: body.expiresInDays === null ? null : body.expiresInDays * SECONDS_PER_DAY };
    return newKeyAnswer(
      await auditedKeyAct({ allowed, action: "key.create", target: made.id, asked: body, done: ["created"] }, () => createApiKey({ ctx: { keys: apiKeys() }, by: allowed, made, input })),
    );
  },
});
