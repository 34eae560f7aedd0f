import type { TagTone } from "#components/ui/tag.tsx";
import type { ApiKey, ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { duration } from "#lib/view/instants.ts";

const DAY_MS = 86_400_000;
/** From here on an expiry is worth a word. */
const SOON_MS = 14 * DAY_MS;

export const SCOPES: Readonly<Record<ApiKeyScope, { label: string; meaning: string }>> = {
  ingest: { label: "ingest", meaning: "Send activities." },
  read: { label: "read", meaning: "Read what is stored of any user." },
};

export const LIFETIMES = [
  { days: 30, label: "In 30 days" },
  { days: 90, label: "In 90 days" },
  { days: 365, label: "In a year" },
  { days: null, label: "Never" },
] as const;
/** Long enough not to surprise a producer, short enough that a forgotten key ends. */
export const USUAL_LIFETIME_DAYS = 365;

export const OVERLAPS = [
  { hours: 24, label: "After 24 hours" },
  { hours: 168, label: "After 7 days" },
  { hours: null, label: "When I revoke it" },
] as const;
export const USUAL_OVERLAP_HOURS = 168;

/** The keys that a live one was made to replace. */
export function replacedIds(keys: readonly ApiKey[]): ReadonlySet<string> {
  return new Set(keys.flatMap(({ state, rotatedFrom }) => (state === "live" && rotatedFrom !== null ? [rotatedFrom] : [])));
}

/** State of a key in a word or two. @param nowMs null before the page has come alive. */
export function stateWords({ state, expiresAt }: Pick<ApiKey, "state" | "expiresAt">, nowMs: number | null): { label: string; tone: TagTone } {
  if (state === "revoked") return { label: "Revoked", tone: "neutral" };
  // It may have expired since the list was read.
  const leftMs = expiresAt === null || nowMs === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - nowMs;
  if (state === "expired" || leftMs <= 0) return { label: "Expired", tone: "neutral" };
  return leftMs <= SOON_MS ? { label: "Expires soon", tone: "warn" } : { label: "Live", tone: "ok" };
}

/** `in 89 d 23 h`, or `3 d ago` where it has passed. */
export function expiryWords(expiresAt: string, nowMs: number): string {
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs > 0 ? `in ${duration(leftMs)}` : `${duration(-leftMs)} ago`;
}
