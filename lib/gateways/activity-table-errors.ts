/**
 * What an error of the activity table means for the items of the call. A closed union, so that each has its own fate:
 * - `throttled`: nothing was stored; the table's throughput, or that of one hot key.
 * - `rejected`: DynamoDB refuses the call's content; of a batch, one item may be the cause.
 * - `unavailable`: the call was answered (or never sent) and stored nothing: an outage or missing rights.
 * - `unknown`: no answer came; it may have been stored.
 * - `failed`: anything else, such as a fault in our own code.
 */
export type TableError =
  | { kind: "throttled"; scope: "table" | "key_range"; error: string }
  | { kind: "rejected"; error: string }
  | { kind: "unavailable"; error: string }
  | { kind: "unknown"; error: string }
  | { kind: "failed"; error: string };

const THROTTLES = new Set(["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling"]);
const REJECTIONS = new Set(["ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException"]);
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EMFILE"]);
const NO_ANSWER = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  /** On ProvisionedThroughputExceededException; ThrottlingException spells it in lower case. */
  ThrottlingReasons?: { reason?: string }[];
  throttlingReasons?: { reason?: string }[];
}

/** `TableWriteKeyRangeThroughputExceeded` names one hot key; every other reason is the table's or an index's. */
function throttleScope(error: SdkError): "table" | "key_range" {
  const reasons = (error.ThrottlingReasons ?? error.throttlingReasons ?? []).map(({ reason }) => reason ?? "");
  return reasons.length > 0 && reasons.every((reason) => reason.includes("KeyRangeThroughput")) ? "key_range" : "table";
}

/** Reads what the AWS SDK threw. Never throws. */
export function classifyTableError(thrown: unknown): TableError {
  const sdk = (typeof thrown === "object" && thrown !== null ? thrown : {}) as SdkError;
  const name = sdk.name ?? "Error";
  const error = `${name}: ${sdk.message ?? String(thrown)}`;
  if (THROTTLES.has(name)) return { kind: "throttled", scope: throttleScope(sdk), error };
  if (REJECTIONS.has(name)) return { kind: "rejected", error };
  if (sdk.code !== undefined && NEVER_SENT.has(sdk.code)) return { kind: "unavailable", error };
  const lost = name === "AbortError" || name === "TimeoutError" || name === "DeadlineExceeded" || (sdk.code !== undefined && NO_ANSWER.has(sdk.code));
  if (lost) return { kind: "unknown", error };
  // Answered, but not about the items: 5xx, no such table, no rights, bad credentials.
  if (sdk.$metadata?.httpStatusCode !== undefined) return { kind: "unavailable", error };
  return thrown instanceof TypeError || thrown instanceof RangeError ? { kind: "failed", error } : { kind: "unknown", error };
}
