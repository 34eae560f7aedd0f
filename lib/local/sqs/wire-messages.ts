import type { Delivery, EntryOutcome, SendEntry, SendOutcome } from "./commands.ts";
import { md5OfAttributes, md5OfBody } from "./digests.ts";
import { SqsError, invalidParameter } from "./errors.ts";
import type { MessageAttributes } from "./message.ts";
import type { Wire, WireMessage } from "./wire-schemas.ts";

const SENDER_ID = "AIDASPILLWAYLOCAL";

/** A message of a request. Per-message delays and system attributes are refused rather than dropped. */
export function toSendEntry(message: WireMessage): SendEntry {
  if (message.DelaySeconds) {
    throw invalidParameter("DelaySeconds", message.DelaySeconds, "The request include parameter that is not valid for this queue type.");
  }
  if (message.MessageSystemAttributes && Object.keys(message.MessageSystemAttributes).length > 0) {
    throw new SqsError("UnsupportedOperation", "This stand-in takes no message system attributes.");
  }
  return {
    body: message.MessageBody,
    groupId: message.MessageGroupId,
    deduplicationId: message.MessageDeduplicationId,
    attributes: message.MessageAttributes,
  };
}

/** Answer to a message that was taken. */
export function sentAnswer(entry: SendEntry, outcome: Extract<SendOutcome, { ok: true }>) {
  const attributesMd5 = md5OfAttributes(entry.attributes);
  return {
    MessageId: outcome.messageId,
    SequenceNumber: outcome.sequenceNumber,
    MD5OfMessageBody: md5OfBody(entry.body),
    ...(attributesMd5 !== null && { MD5OfMessageAttributes: attributesMd5 }),
  };
}

/** Successful and Failed of a batch answer; entries keep their ids. */
export function batchAnswer<Taken extends object>(
  ids: readonly string[],
  outcomes: readonly EntryOutcome<Taken>[],
  success: (outcome: { ok: true } & Taken, position: number) => object,
) {
  const Successful: object[] = [];
  const Failed: object[] = [];
  outcomes.forEach((outcome, position) => {
    const Id = ids[position] ?? "";
    if (outcome.ok) Successful.push({ Id, ...success(outcome, position) });
    else Failed.push({ Id, ...failure(outcome.error) });
  });
  return { ...(Successful.length > 0 && { Successful }), ...(Failed.length > 0 && { Failed }) };
}

/** In a batch an expired handle goes by another code than alone. */
function failure(error: SqsError) {
  const expired = error.code === "InvalidParameterValue" && error.message.endsWith("The receipt handle has expired.");
  if (expired) return { Code: "ReceiptHandleIsInvalid", Message: "The receipt handle has expired", SenderFault: true };
  return { Code: error.queryCode, Message: error.message, SenderFault: true };
}

function wantedAttributes(delivery: Delivery, names: readonly string[]): MessageAttributes | null {
  if (!delivery.attributes || names.length === 0) return null;
  const wanted = (name: string) =>
    names.some((pattern) => pattern === "All" || pattern === ".*" || pattern === name || (pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -1))));
  return Object.fromEntries(Object.entries(delivery.attributes).filter(([name]) => wanted(name)));
}

function wantedSystemAttributes(delivery: Delivery, names: readonly string[]): Record<string, string> {
  if (names.length === 0) return {};
  const all: Record<string, string> = {
    SenderId: SENDER_ID,
    SentTimestamp: String(delivery.sentAt),
    ApproximateReceiveCount: String(delivery.receiveCount),
    ApproximateFirstReceiveTimestamp: String(delivery.firstReceivedAt),
    SequenceNumber: delivery.sequenceNumber,
    MessageDeduplicationId: delivery.deduplicationId,
    MessageGroupId: delivery.groupId,
    ...(delivery.deadLetterSourceArn !== null && { DeadLetterQueueSourceArn: delivery.deadLetterSourceArn }),
  };
  if (names.includes("All")) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

/** A message of a receive's answer, with the attributes that were asked for. */
export function receivedAnswer(delivery: Delivery, request: Wire<"ReceiveMessage">) {
  const system = wantedSystemAttributes(delivery, [...request.MessageSystemAttributeNames, ...request.AttributeNames]);
  const own = wantedAttributes(delivery, request.MessageAttributeNames);
  const ownMd5 = md5OfAttributes(own);
  return {
    MessageId: delivery.messageId,
    ReceiptHandle: delivery.receiptHandle,
    MD5OfBody: md5OfBody(delivery.body),
    Body: delivery.body,
    ...(Object.keys(system).length > 0 && { Attributes: system }),
    ...(own && ownMd5 !== null && { MessageAttributes: own, MD5OfMessageAttributes: ownMd5 }),
  };
}
