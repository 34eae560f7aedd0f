import type { Json } from "./faults.ts";
import { idOfBody, type WireFact } from "./facts.ts";
import type { WireCall } from "./proxy.ts";

interface WireMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes?: { MessageGroupId?: string; ApproximateReceiveCount?: string };
}
interface WirePut {
  PutRequest?: { Item: { id?: { S?: string }; userId?: { S?: string }; sk?: { S?: string } } };
}

const entriesOf = (json: Json, field: string) => (json[field] ?? []) as Record<string, unknown>[];
const putsOf = (tables: unknown) => Object.values((tables ?? {}) as Record<string, WirePut[]>).flat();
const idOfPut = (put: WirePut) => put.PutRequest?.Item.id?.S ?? "";

/**
 * Reads the calls that the proxies saw into facts, in the order of the acts.
 * @param table, deadLetterQueue their names; other tables are nobody's store. @param tick the count shared by all facts of a run.
 */
export function createTrace({ table, deadLetterQueue, tick, now = Date.now }: { table: string; deadLetterQueue: string; tick: () => number; now?: () => number }) {
  const facts: WireFact[] = [];
  const ofHandle = new Map<string, { messageId: string; id: string; client: string }>();

  function asked({ call, operation, client, request }: WireCall): void {
    if (operation === "DeleteMessageBatch") {
      const n = tick();
      const atMs = now();
      for (const entry of entriesOf(request, "Entries")) {
        const message = ofHandle.get(String(entry.ReceiptHandle));
        if (message) facts.push({ what: "ack_asked", n, atMs, ...message });
      }
    } else if (operation === "ChangeMessageVisibilityBatch") {
      const n = tick();
      const atMs = now();
      for (const entry of entriesOf(request, "Entries")) {
        const message = ofHandle.get(String(entry.ReceiptHandle));
        if (message) facts.push({ what: "show_asked", n, atMs, messageId: message.messageId, seconds: Number(entry.VisibilityTimeout), client });
      }
    } else if (operation === "BatchWriteItem") {
      facts.push({ what: "store_asked", n: tick(), call, ids: putsOf(request.RequestItems).map(idOfPut) });
    } else if (operation === "PutItem" && request.TableName === table) {
      facts.push({ what: "store_asked", n: tick(), call, ids: [idOfPut({ PutRequest: { Item: request.Item as object } })] });
    }
  }

  /** Entries of a batch that SQS took. */
  function taken(request: Json, answer: Json) {
    const failed = new Set(entriesOf(answer, "Failed").map(({ Id }) => Id));
    return entriesOf(request, "Entries").filter(({ Id }) => !failed.has(Id));
  }

  function acted({ call, operation, client, request, answer }: WireCall): void {
    if (answer?.status !== 200) return;
    const n = tick();
    const atMs = now();
    const queue = ((request.QueueUrl as string | undefined) ?? "").split("/").at(-1);
    switch (operation) {
      case "ReceiveMessage":
        if (queue === deadLetterQueue) return;
        for (const message of (answer.body.Messages ?? []) as WireMessage[]) {
          const id = idOfBody(message.Body);
          ofHandle.set(message.ReceiptHandle, { messageId: message.MessageId, id, client });
          facts.push({ what: "received", n, atMs, id, messageId: message.MessageId, groupId: message.Attributes?.MessageGroupId ?? "", count: Number(message.Attributes?.ApproximateReceiveCount ?? 1), client });
        }
        return;
      case "DeleteMessageBatch":
        for (const entry of taken(request, answer.body)) {
          const message = ofHandle.get(String(entry.ReceiptHandle));
          if (message) facts.push({ what: "acked", n, atMs, ...message });
        }
        return;
      case "ChangeMessageVisibilityBatch":
        for (const entry of taken(request, answer.body)) {
          const message = ofHandle.get(String(entry.ReceiptHandle));
          if (message) facts.push({ what: "shown", n, atMs, messageId: message.messageId, seconds: Number(entry.VisibilityTimeout), client });
        }
        return;
      case "SendMessageBatch":
        for (const entry of taken(request, answer.body)) facts.push({ what: queue === deadLetterQueue ? "dead" : "queued", n, atMs, id: idOfBody(String(entry.MessageBody)) });
        return;
      case "BatchWriteItem": {
        const back = new Set(putsOf(answer.body.UnprocessedItems).map(idOfPut));
        facts.push({ what: "stored", n, atMs, call, ids: putsOf(request.RequestItems).map(idOfPut).filter((id) => !back.has(id)) });
        return;
      }
      case "PutItem":
        if (request.TableName !== table) return;
        facts.push({ what: "stored", n, atMs, call, ids: [idOfPut({ PutRequest: { Item: request.Item as object } })] });
        return;
      default:
    }
  }

  return {
    facts,
    /** Takes in one call; hand it to the proxies. */
    see(call: WireCall): void {
      if (call.stage === "asked") asked(call);
      else acted(call);
    },
  };
}
