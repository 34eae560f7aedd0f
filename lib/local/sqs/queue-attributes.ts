import { SqsError } from "./errors.ts";
import { MAX_MESSAGE_BYTES, MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS } from "./limits.ts";

/** Attributes of a queue as the API names them, every value a string. */
export type QueueAttributeValues = Readonly<Record<string, string>>;

export interface RedrivePolicy {
  deadLetterTargetArn: string;
  maxReceiveCount: number;
}

/** Settings read from the attributes. */
export interface QueueSettings {
  visibilityTimeoutSeconds: number;
  retentionSeconds: number;
  maximumMessageBytes: number;
  waitSeconds: number;
  contentBasedDeduplication: boolean;
  deduplicationScope: "queue" | "messageGroup";
  redrivePolicy: RedrivePolicy | null;
}

const DEFAULTS: QueueAttributeValues = {
  FifoQueue: "true",
  VisibilityTimeout: "30",
  MessageRetentionPeriod: "345600",
  MaximumMessageSize: String(MAX_MESSAGE_BYTES),
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  ContentBasedDeduplication: "false",
  DeduplicationScope: "queue",
  FifoThroughputLimit: "perQueue",
};

/** Whole numbers and their ranges (SetQueueAttributes, API reference). Delays are not built: only 0 passes. */
const NUMBERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  VisibilityTimeout: [0, MAX_VISIBILITY_SECONDS],
  MessageRetentionPeriod: [60, 1_209_600],
  MaximumMessageSize: [1_024, MAX_MESSAGE_BYTES],
  ReceiveMessageWaitTimeSeconds: [0, MAX_WAIT_SECONDS],
  DelaySeconds: [0, 0],
};
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  FifoQueue: ["true"],
  ContentBasedDeduplication: ["true", "false"],
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};
/** Kept and given back, without effect here: access and encryption are AWS's business. */
const INERT = new Set(["Policy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"]);

/** Read only: made from the queue's state. */
const DERIVED = new Set([
  "QueueArn",
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
]);

/** Whether GetQueueAttributes may be asked for it. */
export function isAttributeName(name: string): boolean {
  return name in NUMBERS || name in CHOICES || name === "RedrivePolicy" || INERT.has(name) || DERIVED.has(name);
}

const invalid = (name: string) => new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);

function checkOne(name: string, value: string): void {
  const range = NUMBERS[name];
  const choices = CHOICES[name];
  if (range) {
    const number = Number(value);
    if (!/^\d{1,9}$/.test(value) || number < range[0] || number > range[1]) throw invalid(name);
  } else if (choices) {
    if (!choices.includes(value)) throw invalid(name);
  } else if (name === "RedrivePolicy") {
    parseRedrivePolicy(value);
  } else if (!INERT.has(name)) {
    throw new SqsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
  }
}

/**
 * Reads a RedrivePolicy; an empty string takes the policy away.
 * @throws InvalidAttributeValue when it is not JSON, or maxReceiveCount is not within 1 to 1,000.
 */
export function parseRedrivePolicy(value: string): RedrivePolicy | null {
  if (value === "") return null;
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    throw invalid("RedrivePolicy");
  }
  if (typeof json !== "object" || json === null) throw invalid("RedrivePolicy");
  const { deadLetterTargetArn, maxReceiveCount } = json as { deadLetterTargetArn?: unknown; maxReceiveCount?: unknown };
  // Written as a number or as a string: AWS takes both.
  const count = Number(maxReceiveCount);
  if (typeof deadLetterTargetArn !== "string" || !Number.isInteger(count) || count < 1 || count > 1_000) throw invalid("RedrivePolicy");
  return { deadLetterTargetArn, maxReceiveCount: count };
}

/**
 * The attributes of a new queue.
 * @throws InvalidAttributeName, InvalidAttributeValue, and InvalidParameterValue for a queue that is not FIFO.
 */
export function newQueueAttributes(name: string, given: QueueAttributeValues): QueueAttributeValues {
  if (!/^[A-Za-z0-9_-]{1,75}\.fifo$/.test(name) || given.FifoQueue !== "true") {
    throw new SqsError(
      "InvalidParameterValue",
      "This stand-in has FIFO queues only: the name ends in .fifo, has 1 to 80 letters, digits, - and _, and FifoQueue is true.",
    );
  }
  return changedQueueAttributes(DEFAULTS, given, true);
}

/** Attributes after a change. @throws as newQueueAttributes; FifoQueue cannot change. */
export function changedQueueAttributes(current: QueueAttributeValues, given: QueueAttributeValues, creating = false): QueueAttributeValues {
  for (const [name, value] of Object.entries(given)) checkOne(name, value);
  if (!creating && "FifoQueue" in given) throw new SqsError("InvalidAttributeName", "Unknown Attribute FifoQueue.");
  const next = { ...current, ...given };
  if (next.FifoThroughputLimit === "perMessageGroupId" && next.DeduplicationScope !== "messageGroup") {
    throw new SqsError("InvalidAttributeValue", "FifoThroughputLimit perMessageGroupId needs DeduplicationScope messageGroup.");
  }
  if (next.RedrivePolicy === "") delete (next as Record<string, string>).RedrivePolicy;
  return next;
}

/** Typed settings of checked attributes. */
export function settingsOf(attributes: QueueAttributeValues): QueueSettings {
  return {
    visibilityTimeoutSeconds: Number(attributes.VisibilityTimeout),
    retentionSeconds: Number(attributes.MessageRetentionPeriod),
    maximumMessageBytes: Number(attributes.MaximumMessageSize),
    waitSeconds: Number(attributes.ReceiveMessageWaitTimeSeconds),
    contentBasedDeduplication: attributes.ContentBasedDeduplication === "true",
    deduplicationScope: attributes.DeduplicationScope === "messageGroup" ? "messageGroup" : "queue",
    redrivePolicy: parseRedrivePolicy(attributes.RedrivePolicy ?? ""),
  };
}
