import type { OutgoingMessage, SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { SendOutcome } from "./ingest-batcher.ts";

/** Faults of connecting: no byte of the call has left. */
const NEVER_LEFT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);
/** 4xx codes that pass by themselves (SQS API reference, common errors). */
const PASSING = new Set(["RequestThrottled", "ThrottlingException", "Throttling", "TooManyRequestsException", "KmsThrottled", "ExpiredToken"]);

interface SdkError {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  $metadata?: { httpStatusCode?: unknown };
}

/**
 * Tells what a failed send call may have done. Whatever is not surely without effect counts as lost, since calling a
 * queued activity unsent would make a producer send it again under another id. `reason` goes to producers, `detail`
 * to the log alone: AWS's own texts name accounts, roles and inner addresses.
 */
export function sendFailure(cause: unknown): SendOutcome {
  const error: SdkError = typeof cause === "object" && cause !== null ? cause : { message: String(cause) };
  const name = typeof error.name === "string" ? error.name : "Error";
  const code = typeof error.code === "string" ? error.code : name;
  const status = error.$metadata?.httpStatusCode;
  const text = typeof error.message === "string" && error.message !== "" ? error.message : code;
  const detail = `${code === name ? name : `${name} ${code}`}${typeof status === "number" ? ` (${status})` : ""}: ${text}`;
  if (NEVER_LEFT.has(code)) return { kind: "not_sent", reason: "the queue cannot be reached", detail, retry: true };
  if (name === "CredentialsProviderError") return { kind: "not_sent", reason: "the queue cannot be used", detail, retry: true };
  if (typeof status === "number" && status >= 400 && status < 500) {
    const retry = PASSING.has(name);
    return { kind: "not_sent", reason: retry ? "the queue takes no more for now" : "the queue refused the call", detail, retry };
  }
  if (typeof status === "number" && status >= 500) return { kind: "lost", reason: "the queue failed while it was sent", detail };
  return { kind: "lost", reason: "the queue did not answer", detail };
}

/** The batcher's send function over the queue; the client's time limit bounds each call. */
export function queueSender(queue: Pick<SqsQueue, "sendBatch">) {
  return async (messages: readonly OutgoingMessage[]): Promise<SendOutcome> => {
    try {
      return { kind: "answered", results: await queue.sendBatch(messages) };
    } catch (cause) {
      return sendFailure(cause);
    }
  };
}
