import { SqsError, invalidParameter, missingParameter } from "./errors.ts";
import { MAX_BATCH_ENTRIES, MAX_ID_CHARACTERS, MAX_MESSAGE_ATTRIBUTES, MAX_MESSAGE_BYTES } from "./limits.ts";
import type { MessageAttribute, MessageAttributes } from "./message.ts";

/** Letters, digits and ASCII punctuation: the alphabet of group, deduplication and attempt ids. */
const ID_PATTERN = new RegExp(`^[!-~]{1,${MAX_ID_CHARACTERS}}$`);
const ENTRY_ID_PATTERN = /^[A-Za-z0-9_-]{1,80}$/;
/** Anything outside #x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF; with `u` a lone surrogate matches too. */
const REFUSED_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const ATTRIBUTE_NAME_PATTERN = /^(?!(?:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;
const ATTRIBUTE_TYPE_PATTERN = /^(String|Number|Binary)(\..{1,248})?$/;

/** Bytes of a message as SQS counts them: the body, and name, type and value of each attribute. */
export function messageBytes(body: string, attributes: MessageAttributes | null): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType);
    bytes += attribute.StringValue === undefined ? 0 : Buffer.byteLength(attribute.StringValue);
    bytes += attribute.BinaryValue === undefined ? 0 : Buffer.byteLength(attribute.BinaryValue, "base64");
  }
  return bytes;
}

/** @throws InvalidParameterValue unless it is 1 to 128 letters, digits and ASCII punctuation. */
export function checkId(parameter: "MessageGroupId" | "MessageDeduplicationId" | "ReceiveRequestAttemptId", value: string): void {
  if (ID_PATTERN.test(value)) return;
  throw invalidParameter(
    parameter,
    value,
    `${parameter} can only include alphanumeric and punctuation characters. 1 to ${MAX_ID_CHARACTERS} in length.`,
  );
}

function checkAttribute(name: string, attribute: MessageAttribute): void {
  if (!ATTRIBUTE_NAME_PATTERN.test(name)) throw invalidParameter("MessageAttributes", name, "The message attribute name is not allowed.");
  if (!ATTRIBUTE_TYPE_PATTERN.test(attribute.DataType)) {
    throw invalidParameter("MessageAttributes", name, `The message attribute '${name}' has an invalid message attribute type.`);
  }
  const binary = attribute.DataType.startsWith("Binary");
  const value = binary ? attribute.BinaryValue : attribute.StringValue;
  if (!value) throw invalidParameter("MessageAttributes", name, `The message attribute '${name}' must contain a non-empty value of its type.`);
  if (attribute.DataType.startsWith("Number") && !Number.isFinite(Number(value))) {
    throw invalidParameter("MessageAttributes", name, `Can't cast the value of message attribute '${name}' to a number.`);
  }
  if (!binary && REFUSED_CHARACTER.test(value)) throw refusedCharacters();
}

const refusedCharacters = () =>
  new SqsError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
  );

/** @throws the refusal of one message: its characters, attributes and size. */
export function checkMessage(body: string, attributes: MessageAttributes | null, maximumBytes: number): void {
  if (REFUSED_CHARACTER.test(body)) throw refusedCharacters();
  const entries = Object.entries(attributes ?? {});
  if (entries.length > MAX_MESSAGE_ATTRIBUTES) {
    throw invalidParameter("MessageAttributes", entries.length, `Number of message attributes exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`);
  }
  for (const [name, attribute] of entries) checkAttribute(name, attribute);
  if (messageBytes(body, attributes) > maximumBytes) {
    throw new SqsError("InvalidParameterValue", `One or more parameters are invalid. Reason: Message must be shorter than ${maximumBytes} bytes.`);
  }
}

/** @throws what is missing from a message: nothing of its batch is taken then. */
export function checkPresent(entry: { body: string; groupId?: string | undefined }): void {
  if (entry.body === "") throw missingParameter("MessageBody");
  if (!entry.groupId) throw missingParameter("MessageGroupId");
}

/** @throws EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct. */
export function checkBatchIds(ids: readonly string[]): void {
  if (ids.length === 0) throw new SqsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  if (ids.length > MAX_BATCH_ENTRIES) {
    throw new SqsError("TooManyEntriesInBatchRequest", `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${ids.length}.`);
  }
  const seen = new Set<string>();
  for (const id of ids) {
    if (!ENTRY_ID_PATTERN.test(id)) {
      throw new SqsError("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.");
    }
    if (seen.has(id)) throw new SqsError("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
    seen.add(id);
  }
}

/** @throws BatchRequestTooLong when the messages of a batch are together over 1 MiB. */
export function checkBatchBytes(entries: readonly { body: string; attributes: MessageAttributes | null }[]): void {
  const bytes = entries.reduce((sum, entry) => sum + messageBytes(entry.body, entry.attributes), 0);
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new SqsError("BatchRequestTooLong", `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${bytes} bytes.`);
  }
}
