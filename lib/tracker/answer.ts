import { type Entry, parsed } from "./entry.ts";
import { retryAfterMs } from "./pause.ts";

/** What came back: an answer read whole, or none (network, time limit, cut). */
export type Answer =
  | { kind: "answer"; status: number; text: string; retryAfter: string | null; date: string | null }
  | { kind: "none"; cause: unknown };

export type Fate = { kind: "accepted" } | { kind: "refused"; field?: string; reason: string } | { kind: "again" };

/** What an answer means for the request's activities. */
export type Meaning =
  /** One fate each. `away`: the service as a whole is in trouble, not only these users. */
  | { kind: "fates"; fates: Fate[]; away: boolean; askedMs: number }
  /** Nothing is known of any: the same again, later. */
  | { kind: "again"; askedMs: number; message: string }
  /** The same request would be answered so again, whatever it holds: key, address or right are wrong. */
  | { kind: "shut"; askedMs: number; message: string }
  /** Too large as a whole. */
  | { kind: "too_large"; message: string }
  /** Something in it spoils all. */
  | { kind: "spoilt"; message: string };

interface Body {
  code: string | null;
  title: string | null;
  results: unknown[] | null;
}

function bodyOf(text: string): Body {
  const body = parsed(text);
  const { code, title, results } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return {
    code: typeof code === "string" ? code : null,
    title: typeof title === "string" ? title : null,
    results: Array.isArray(results) ? results : null,
  };
}

/** A verdict counts only where it is surely about this activity. */
function fateOf(verdict: unknown, { id }: Entry): Fate {
  const { status, id: named, field, reason } = (typeof verdict === "object" && verdict !== null ? verdict : {}) as Record<string, unknown>;
  if (named !== id && !(named === undefined && status === "refused")) return { kind: "again" };
  if (status === "accepted") return { kind: "accepted" };
  if (status !== "refused") return { kind: "again" };
  return {
    kind: "refused",
    ...(typeof field === "string" && { field: field.replace(/^activities\[\d+\]\.?/, "") }),
    reason: typeof reason === "string" ? reason : "no reason was given",
  };
}

/**
 * Reads an answer. What does not come from the API itself (a proxy's page, a cut body) never takes an activity out of
 * the buffer, but for 413: what is too large for the way is too large for good.
 * @param nowMs epoch milliseconds.
 */
export function meaningOf(answer: Answer, batch: readonly Entry[], nowMs: number): Meaning {
  if (answer.kind === "none") {
    const text = answer.cause instanceof Error ? answer.cause.message : String(answer.cause);
    return { kind: "again", askedMs: 0, message: `no answer: ${text}` };
  }
  const { status } = answer;
  const { code, title, results } = bodyOf(answer.text);
  const message = `the API answered ${status}${code === null ? "" : ` ${code}`}${title === null ? "" : `: ${title}`}`;
  // The server's own clock, where the answer tells it: this one may be hours off.
  const askedMs = retryAfterMs(answer.retryAfter, Date.parse(answer.date ?? "") || nowMs);
  if (results?.length === batch.length && (status < 300 || status === 422 || status === 429 || status >= 500)) {
    const fates = batch.map((entry, at) => fateOf(results[at], entry));
    return { kind: "fates", fates, away: status >= 500 || (status === 429 && code !== "user_over_cap"), askedMs };
  }
  if (status === 413) return { kind: "too_large", message };
  if ((status === 400 || status === 422) && code !== null && code !== "incomplete_body") return { kind: "spoilt", message };
  const later = status < 400 || status >= 500 || status === 408 || status === 425 || status === 429 || code === "incomplete_body";
  return { kind: later ? "again" : "shut", askedMs, message };
}
