import { z } from "zod";
import { apiKeyIdSchema } from "#lib/contracts/api-keys.ts";

/** Path of one key. */
export const keyParamsSchema = z.object({ id: apiKeyIdSchema });
