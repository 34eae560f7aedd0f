import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import type { IngestProblem } from "#lib/contracts/ingest.ts";

type Details = Partial<Pick<IngestProblem, "detail" | "errors" | "results">>;

function problem(status: number, code: string, title: string, details: Details = {}): IngestProblem {
  // No page per problem type: the code names it (RFC 9457, section 4.2.1, on "about:blank").
  return { type: "about:blank", title, status, code, ...details };
}

/** Every error answer of the public API. */
export const problems = {
  invalidUserId: (message: string) => problem(400, "invalid_user_id", "The user id in the address cannot be one", { errors: [{ field: "userId", message }] }),
  invalidQuery: (errors: NonNullable<Details["errors"]>) => problem(400, "invalid_query", "The query cannot be answered", { errors }),
  malformed: (detail: string) => problem(400, "malformed_json", "The body is not JSON", { detail }),
  notUtf8: () => problem(400, "malformed_text", "The body is not UTF-8 text"),
  notGzip: () =>
    problem(400, "malformed_encoding", "The body is not whole gzip", { detail: "It is cut or damaged, or something that is not gzip follows it. Nothing of it was taken." }),
  incomplete: () => problem(400, "incomplete_body", "The body ended before its announced length"),
  unauthorized: () =>
    problem(401, "unauthorized", "A valid API key is needed", { detail: "Send it as Authorization: Bearer sw_live_... A key may be unknown, expired or revoked; which one is not told." }),
  wrongScope: (scope: ApiKeyScope) => problem(403, "insufficient_scope", "The API key does not open this address", { detail: `It needs the scope ${scope}.` }),
  notFound: () => problem(404, "not_found", "There is nothing at this address"),
  methodNotAllowed: (allowed: string) => problem(405, "method_not_allowed", "This address does not take this method", { detail: `It takes ${allowed}.` }),
  tooSlow: () =>
    problem(408, "body_too_slow", "The body came too slowly", { detail: "Others needed its place, and nothing of it was taken. Send it again later." }),
  tooLarge: (maxBytes: number) =>
    problem(413, "request_too_large", "The request is too large", {
      detail: `A request is at most ${maxBytes} bytes, also when it is unpacked. Split it into several.`,
    }),
  tooMany: (count: number) =>
    problem(413, "too_many_activities", "The request holds too many activities", {
      detail: `It holds ${count}; a request holds at most ${ACTIVITY_LIMITS.activitiesPerRequest}. Split it into several.`,
    }),
  mediaType: () => problem(415, "unsupported_media_type", "The body must be application/json or application/x-ndjson in UTF-8"),
  beaconMediaType: () => problem(415, "unsupported_media_type", "The body must be text/plain in UTF-8"),
  encoding: () => problem(415, "unsupported_content_encoding", "The body comes in an encoding that is not taken here"),
  empty: () => problem(422, "no_activities", "The request holds no activities", { errors: [{ field: "activities", message: "must not be empty" }] }),
  noneValid: (details: Details) => problem(422, "invalid_activities", "No activity of the request can be taken", details),
  overloaded: () =>
    problem(429, "overloaded", "The service has as much in work as it can bear", { detail: "Nothing of the request was taken. Send it again later." }),
  keyOverRate: (perSecond: number) =>
    problem(429, "key_over_rate", "The API key asks too often", { detail: `One key may read ${perSecond} times a second. Ask again later.` }),
  readsOverCapacity: () =>
    problem(429, "reads_over_capacity", "The read units are spent", { detail: "All readers together have spent what the table's read throughput leaves them, or others have their turn. Ask again later." }),
  readsUnavailable: () => problem(503, "reads_unavailable", "Activities cannot be read now", { detail: "The table, or what divides its read throughput, does not answer. Ask again later." }),
  userOverCap: (details: Details) =>
    problem(429, "user_over_cap", "The user has as many activities waiting as one user may", {
      detail: "None of the request was queued, and other users are taken as before. Send it again later with the same ids.",
      ...details,
    }),
  failed: () => problem(500, "internal_error", "The request failed", { detail: "What became of it is unknown. Send it again with the same ids." }),
  readFailed: () => problem(500, "internal_error", "The request failed", { detail: "Nothing was changed by it. Ask again later." }),
  keysUnknown: () =>
    problem(503, "keys_unavailable", "API keys cannot be checked now", { detail: "Nothing of the request was read. Send it again later, with the same ids." }),
  queueAway: (details: Details) =>
    problem(503, "queue_unavailable", "The queue did not take the activities", {
      detail: "Send those that are not refused again with the same ids.",
      ...details,
    }),
} as const;
