import { keyParamsSchema } from "#app/keys/params.ts";
import { apiKeys, auditedKeyAct, newKeyAnswer } from "#app/server/api-keys.ts";
import { apiKeyRotationSchema, newApiKeySchema } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { rotateApiKey } from "#lib/services/api-keys/rotate.ts";

/** Makes a key to replace a live one, which goes on for the time named; this answer is the only one that holds it. */
export const POST = defineRoute({
  permission: "keys:manage",
  params: keyParamsSchema,
  body: apiKeyRotationSchema,
  output: newApiKeySchema,
  status: 201,
  async call({ allowed, params, body }) {
    const made = newApiKey();
    return newKeyAnswer(
      await auditedKeyAct({ allowed, action: "key.rotate", target: params.id, asked: { ...body, newId: made.id }, done: ["created"] }, () =>
        rotateApiKey({ ctx: { keys: apiKeys() }, by: allowed, made, input: { id: params.id, overlapHours: body.overlapHours } }),
      ),
    );
  },
});
