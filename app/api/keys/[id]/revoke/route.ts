import { z } from "zod";
import { keyParamsSchema } from "#app/keys/params.ts";
import { apiKeys, auditedKeyAct, noSuchKey } from "#app/server/api-keys.ts";
import { apiKeyAnswerSchema } from "#lib/contracts/api-keys.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { revokeApiKey } from "#lib/services/api-keys/revoke.ts";

/** Ends a key for good; again is no fault. */
export const POST = defineRoute({
  permission: "keys:manage",
  params: keyParamsSchema,
  body: z.strictObject({}),
  output: apiKeyAnswerSchema,
  async call({ allowed, params }) {
    const result = await auditedKeyAct({ allowed, action: "key.revoke", target: params.id, done: ["revoked", "already_revoked"] }, () =>
      revokeApiKey({ ctx: { keys: apiKeys() }, by: allowed, input: params }),
    );
    if (result.outcome === "not_found") throw noSuchKey();
    return { apiKey: result.apiKey };
  },
});
