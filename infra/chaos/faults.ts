/** What the fault proxy can do to a call. `partial` and `unprocessed` fail entries of a batch, all others whole calls. */
export const FAULT_KINDS = ["reset", "hang", "lost_answer", "error_5xx", "throttle", "partial", "unprocessed"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type Service = "sqs" | "dynamodb";

/**
 * - `reset`: the connection is reset before the call is passed on.
 * - `hang`: the call is not passed on and never answered.
 * - `lost_answer`: the act is done, then the connection is reset.
 * - `error_5xx`: 500 or 503, nothing done.
 * - `throttle`: DynamoDB's exception that the table has no write units left.
 * - `partial`: entries of an SQS batch fail in an answer of 200.
 * - `unprocessed`: puts of a BatchWriteItem come back in UnprocessedItems.
 */
export interface FaultRule {
  service: Service;
  kind: FaultKind;
  /** Share of the calls, or of the entries of a batch: 0 to 1. */
  rate: number;
  /** Only these operations; all when absent. */
  operations?: readonly string[];
}

export type Json = Record<string, unknown>;

export interface Answer {
  status: number;
  body: Json;
}

const SQS_BATCHES = new Set(["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"]);
const WRITES = new Set(["PutItem", "BatchWriteItem"]);
const WHOLE_CALL = new Set<FaultKind>(["reset", "hang", "lost_answer", "error_5xx", "throttle"]);

function applies(rule: FaultRule, service: Service, operation: string): boolean {
  if (rule.service !== service || (rule.operations && !rule.operations.includes(operation))) return false;
  if (rule.kind === "throttle") return WRITES.has(operation);
  if (rule.kind === "partial") return SQS_BATCHES.has(operation);
  if (rule.kind === "unprocessed") return operation === "BatchWriteItem";
  return true;
}

/** The fault that meets a whole call, drawn in the order of the rules; null = none. */
export function drawFault(rules: readonly FaultRule[], service: Service, operation: string, random: () => number): FaultKind | null {
  for (const rule of rules) {
    if (WHOLE_CALL.has(rule.kind) && applies(rule, service, operation) && random() < rule.rate) return rule.kind;
  }
  return null;
}

/** The answer of a call that was refused without an act. */
export function refusal(kind: "error_5xx" | "throttle", service: Service, random: () => number): Answer {
  if (kind === "throttle") {
    return {
      status: 400,
      body: {
        __type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        message: "The level of configured provisioned throughput for the table was exceeded.",
        ThrottlingReasons: [{ reason: "TableWriteProvisionedThroughputExceeded", resource: "arn:aws:dynamodb:::table/chaos" }],
      },
    };
  }
  const unavailable = random() < 0.5;
  const type = service === "sqs" ? "com.amazon.coral.service#" : "com.amazonaws.dynamodb.v20120810#";
  const name = unavailable ? "ServiceUnavailable" : service === "sqs" ? "InternalFailure" : "InternalServerError";
  return { status: unavailable ? 503 : 500, body: { __type: `${type}${name}`, message: "planted by the fault proxy" } };
}

interface Split {
  /** What is passed on; null = nothing is left of the batch. */
  request: Json | null;
  /** Puts the failed entries into the answer of what was passed on. */
  merge: (answer: Json) => Json;
  failed: number;
}

const whole = (request: Json): Split => ({ request, merge: (answer) => answer, failed: 0 });

function splitSqs(request: Json, rate: number, random: () => number): Split {
  const entries = (request.Entries ?? []) as { Id: string }[];
  const failed = entries.filter(() => random() < rate);
  if (failed.length === 0) return whole(request);
  const kept = entries.filter((entry) => !failed.includes(entry));
  const failures = failed.map(({ Id }) => ({ Id, SenderFault: false, Code: "InternalError", Message: "planted by the fault proxy" }));
  return {
    request: kept.length === 0 ? null : { ...request, Entries: kept },
    merge: (answer) => ({ ...answer, Failed: [...((answer.Failed ?? []) as unknown[]), ...failures] }),
    failed: failed.length,
  };
}

function splitPuts(request: Json, rate: number, random: () => number): Split {
  const tables = Object.entries(request.RequestItems as Record<string, unknown[]>);
  const back: Record<string, unknown[]> = {};
  const kept: Record<string, unknown[]> = {};
  for (const [table, puts] of tables) {
    for (const put of puts) {
      const side = random() < rate ? back : kept;
      (side[table] ??= []).push(put);
    }
  }
  const failed = Object.values(back).reduce((sum, puts) => sum + puts.length, 0);
  if (failed === 0) return whole(request);
  return {
    request: Object.keys(kept).length === 0 ? null : { ...request, RequestItems: kept },
    merge: (answer) => {
      const unprocessed: Record<string, unknown[]> = { ...(answer.UnprocessedItems as Record<string, unknown[]> | undefined) };
      for (const [table, puts] of Object.entries(back)) unprocessed[table] = [...(unprocessed[table] ?? []), ...puts];
      return { ...answer, UnprocessedItems: unprocessed };
    },
    failed,
  };
}

/** Takes entries out of a batch, as the rules of the kinds `partial` and `unprocessed` say. */
export function splitBatch(rules: readonly FaultRule[], service: Service, operation: string, request: Json, random: () => number): Split {
  const rule = rules.find((one) => (one.kind === "partial" || one.kind === "unprocessed") && applies(one, service, operation));
  if (!rule) return whole(request);
  return rule.kind === "partial" ? splitSqs(request, rule.rate, random) : splitPuts(request, rule.rate, random);
}
