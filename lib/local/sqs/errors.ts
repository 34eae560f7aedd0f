/** Error codes that the stand-in answers, as SQS itself names them in the JSON protocol. */
export type SqsErrorCode = keyof typeof ERRORS;

interface ErrorForm {
  /** `__type` of the JSON 1.0 answer. */
  type: string;
  /** First part of the `x-amzn-query-error` header: the code of the older query protocol. */
  query: string;
}

const sqs = (name: string, query = name): ErrorForm => ({ type: `com.amazonaws.sqs#${name}`, query });
/** Errors that are not in the service's model come from its framework, with a name of their own. */
const common = (query: string, name = `${query}Exception`): ErrorForm => ({ type: `com.amazon.coral.service#${name}`, query });

const ERRORS = {
  QueueDoesNotExist: sqs("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
  QueueNameExists: sqs("QueueNameExists", "QueueAlreadyExists"),
  QueueDeletedRecently: sqs("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"),
  PurgeQueueInProgress: sqs("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
  BatchEntryIdsNotDistinct: sqs("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
  BatchRequestTooLong: sqs("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
  EmptyBatchRequest: sqs("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
  InvalidBatchEntryId: sqs("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
  TooManyEntriesInBatchRequest: sqs("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
  InvalidAttributeName: sqs("InvalidAttributeName"),
  InvalidAttributeValue: sqs("InvalidAttributeValue"),
  InvalidMessageContents: sqs("InvalidMessageContents"),
  MessageNotInflight: sqs("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
  ReceiptHandleIsInvalid: sqs("ReceiptHandleIsInvalid"),
  ResourceNotFoundException: sqs("ResourceNotFoundException"),
  UnsupportedOperation: sqs("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
  InvalidParameterValue: common("InvalidParameterValue"),
  MissingParameter: common("MissingParameter", "MissingRequiredParameterException"),
  SerializationException: common("SerializationException", "SerializationException"),
  UnknownOperation: common("InvalidAction", "UnknownOperationException"),
} as const satisfies Record<string, ErrorForm>;

/** A refusal of a command. A command that is refused has changed nothing. */
export class SqsError extends Error {
  override readonly name = "SqsError";
  readonly code: SqsErrorCode;
  /** JSON `__type`. */
  readonly type: string;
  /** Code of the query protocol, which is also the code of a failed batch entry. */
  readonly queryCode: string;

  constructor(code: SqsErrorCode, message: string) {
    super(message);
    this.code = code;
    this.type = ERRORS[code].type;
    this.queryCode = ERRORS[code].query;
  }
}

/** "Value X for parameter P is invalid. Reason: R." as SQS words it. */
export function invalidParameter(parameter: string, value: unknown, reason: string): SqsError {
  return new SqsError("InvalidParameterValue", `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);
}

/** A required parameter was not given. */
export function missingParameter(parameter: string): SqsError {
  return new SqsError("MissingParameter", `The request must contain the parameter ${parameter}.`);
}
