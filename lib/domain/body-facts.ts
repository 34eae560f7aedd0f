/** What a body tells about itself, for the ledger: `null` for each fact it does not tell. */
export interface BodyFacts {
  userId: string | null;
  activityId: string | null;
  type: string | null;
  /** Fixed-width UTC. */
  occurredAt: string | null;
}

/** Longest text taken from a body that was never validated; the user id's bound is the activity contract's. */
const FACT_CHARACTERS = 256;

function text(value: unknown): string | null {
  if (typeof value !== "string" || value === "" || value.includes("\0")) return null;
  return Array.from(value).length <= FACT_CHARACTERS ? value : null;
}

function instant(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const milliseconds = Date.parse(value);
  if (Number.isNaN(milliseconds)) return null;
  const written = new Date(milliseconds).toISOString();
  // Years past 9999 or before 0 are written with a sign, and Postgres knows no year 0: the ledger can hold neither.
  return written.length === 24 && !written.startsWith("0000") ? written : null;
}

/**
 * Reads a queue body as far as it goes, whatever its version: a dead letter is listed by what its body still says.
 * Never throws.
 */
export function bodyFacts(body: string): BodyFacts {
  const nothing: BodyFacts = { userId: null, activityId: null, type: null, occurredAt: null };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return nothing;
  }
  if (typeof json !== "object" || json === null) return nothing;
  const activity = (json as { activity?: unknown }).activity;
  if (typeof activity !== "object" || activity === null) return nothing;
  const { userId, id, type, occurredAt } = activity as Record<string, unknown>;
  return { userId: text(userId), activityId: text(id), type: text(type), occurredAt: instant(occurredAt) };
}
