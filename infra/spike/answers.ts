import { ingestProblemSchema, ingestResponseSchema, type Verdict } from "#lib/contracts/ingest.ts";

/** What one request came to, before it is read. */
export type Answer =
  | { kind: "answer"; status: number; body: string; retryAfterSeconds: number | null }
  /** Nobody answered; `sent` tells whether any of the request may have arrived. */
  | { kind: "none"; reason: string; sent: boolean };

/** Fate of one activity after one request. `again` must be sent again under the same id. */
export type Fate =
  | { kind: "accepted"; outOfOrder: boolean }
  | { kind: "refused"; reason: string }
  | { kind: "again"; as: "unknown" | "not_sent"; reason: string };

/** Position-free form of `activities[3].userId`, so that equal refusals count together. */
function fieldName(field: string | undefined): string {
  return field?.replace(/^activities\[\d+\]\.?/, "") ?? "";
}

function toFate(verdict: Verdict): Fate {
  switch (verdict.status) {
    case "accepted":
      return { kind: "accepted", outOfOrder: verdict.outOfOrder === true };
    case "refused":
      return { kind: "refused", reason: `${fieldName(verdict.field)} ${verdict.reason}`.trim() };
    default:
      return { kind: "again", as: verdict.status, reason: verdict.reason };
  }
}

/** What a body says, or null where it is no JSON. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Reads the fate of each of the `count` activities of a request, by position. */
export function readFates(answer: Answer, count: number): Fate[] {
  const all = (fate: Fate) => Array.from({ length: count }, () => fate);
  if (answer.kind === "none") return all({ kind: "again", as: answer.sent ? "unknown" : "not_sent", reason: answer.reason });
  const { status } = answer;
  const json = parseJson(answer.body);
  const given = ingestResponseSchema.safeParse(json).data?.results ?? ingestProblemSchema.safeParse(json).data?.results;
  if (given?.length === count) return given.map(toFate);
  const problem = ingestProblemSchema.safeParse(json).data;
  const reason = `${status} ${problem?.title ?? "without an explanation"}${problem?.detail === undefined ? "" : `: ${problem.detail}`}`;
  // Shed before it was read, or cut off while it was, or its key could not be checked: nothing of it was taken.
  if (status === 429 || status === 408 || problem?.code === "keys_unavailable") return all({ kind: "again", as: "not_sent", reason });
  if (status >= 400 && status < 500) return all({ kind: "refused", reason });
  return all({ kind: "again", as: "unknown", reason });
}
