import type { ApiKey } from "#lib/contracts/api-keys.ts";

/** A live key like those that a producer has. */
export function apiKey(number: number, over: Partial<ApiKey> = {}): ApiKey {
  return {
    id: `Key${String(number).padStart(9, "0")}`,
    name: `shop ${number}`,
    scopes: ["ingest"],
    state: "live",
    createdAt: "2026-01-01T12:00:00.000Z",
    createdBy: "Ada",
    expiresAt: null,
    revokedAt: null,
    revokedBy: null,
    lastUsedAt: null,
    rotatedFrom: null,
    ...over,
  };
}
