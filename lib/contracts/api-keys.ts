import { z } from "zod";
import { instantSchema } from "#lib/contracts/activity.ts";

/** What a key opens: sending activities, reading a user's. */
export const API_KEY_SCOPES = ["ingest", "read"] as const;
export const apiKeyScopeSchema = z.enum(API_KEY_SCOPES);
export type ApiKeyScope = z.infer<typeof apiKeyScopeSchema>;

export const API_KEY_LIMITS = {
  nameCharacters: 64,
  /** Live keys of one name: a second one, so that a producer can change over. */
  livePerName: 2,
  /** Live keys of one queue: every public API process holds them all. */
  live: 1_000,
  longestDays: 3_650,
  longestOverlapHours: 2_160,
} as const;

/** One line that shows as it is: no control, format or unassigned characters. */
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

export const apiKeyNameSchema = z
  .string()
  .trim()
  .min(1, { error: "must not be empty" })
  .max(API_KEY_LIMITS.nameCharacters, { error: `must be at most ${API_KEY_LIMITS.nameCharacters} characters` })
  .regex(NAME, { error: "holds a character that does not show" });

export const apiKeyScopesSchema = z
  .array(apiKeyScopeSchema)
  .min(1, { error: "must name at least one scope" })
  .refine((scopes) => new Set(scopes).size === scopes.length, { error: "names a scope twice" });

/** Whether a key opens anything now, by the database's clock. */
export const apiKeyStateSchema = z.enum(["live", "expired", "revoked"]);
export type ApiKeyState = z.infer<typeof apiKeyStateSchema>;

/** The public part of a key, as it stands in lists, logs and audits. */
export const apiKeyIdSchema = z.string().regex(/^[0-9A-Za-z]{12}$/);

/** All that is known of a key; its secret is not. */
export const apiKeySchema = z.object({
  id: apiKeyIdSchema,
  name: z.string(),
  scopes: apiKeyScopesSchema,
  state: apiKeyStateSchema,
  createdAt: instantSchema,
  createdBy: z.string(),
  /** null = never. */
  expiresAt: instantSchema.nullable(),
  revokedAt: instantSchema.nullable(),
  revokedBy: z.string().nullable(),
  /** To about a minute; null = not yet. */
  lastUsedAt: instantSchema.nullable(),
  /** The key that this one was made to replace. */
  rotatedFrom: apiKeyIdSchema.nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** Every live key, and the latest that are not. */
export const apiKeyListSchema = z.object({ items: z.array(apiKeySchema), moreEnded: z.boolean() });
export type ApiKeyList = z.infer<typeof apiKeyListSchema>;

export const apiKeyRequestSchema = z.strictObject({
  name: apiKeyNameSchema,
  scopes: apiKeyScopesSchema,
  /** null = never. */
  expiresInDays: z.number().int().min(1).max(API_KEY_LIMITS.longestDays).nullable(),
});
export type ApiKeyRequest = z.infer<typeof apiKeyRequestSchema>;

export const apiKeyRotationSchema = z.strictObject({
  /** How long the old key goes on beside the new one; null = until it is revoked or expires. */
  overlapHours: z.number().int().min(1).max(API_KEY_LIMITS.longestOverlapHours).nullable(),
});
export type ApiKeyRotation = z.infer<typeof apiKeyRotationSchema>;

/** A key just made: the only time that it is told whole. */
export const newApiKeySchema = z.object({ key: z.string(), apiKey: apiKeySchema });
export type NewApiKey = z.infer<typeof newApiKeySchema>;

/** A key as it stands after an act. */
export const apiKeyAnswerSchema = z.object({ apiKey: apiKeySchema });
