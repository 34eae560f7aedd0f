import { expect, test } from "vitest";
import type { Answer, Json } from "./faults.ts";
import type { WireCall } from "./proxy.ts";
import { createTrace } from "./trace.ts";

const QUEUE = "http://127.0.0.1/0/activities.fifo";
const DLQ = "http://127.0.0.1/0/activities-dlq.fifo";

let calls = 0;
/** One call, as both of its stages. */
function both(operation: string, request: Json, body: Json, status = 200): WireCall[] {
  calls += 1;
  const call = { call: calls, service: operation.endsWith("Item") ? "dynamodb" : "sqs", operation, client: "w1", request, fault: null, failedEntries: 0 } as const;
  const answer: Answer = { status, body };
  return [
    { ...call, stage: "asked", answer: null },
    { ...call, stage: "acted", answer },
  ];
}

function traced(...seen: WireCall[][]) {
  let n = 0;
  const trace = createTrace({ table: "t", deadLetterQueue: "activities-dlq.fifo", tick: () => (n += 1), now: () => 5 });
  for (const call of seen.flat()) trace.see(call);
  return trace.facts;
}

const message = (at: number) => ({ MessageId: `m${at}`, ReceiptHandle: `h${at}`, Body: `{"id":"chaos-t-${at}"}`, Attributes: { MessageGroupId: "g" } });
const receive = both("ReceiveMessage", { QueueUrl: QUEUE }, { Messages: [message(1), message(2)] });
const put = (at: number) => ({ PutRequest: { Item: { id: { S: `chaos-t-${at}` } } } });

test("a receive names who holds what; an ack counts where SQS took the entry", () => {
  const entries = [1, 2].map((at) => ({ Id: String(at), ReceiptHandle: `h${at}` }));
  const facts = traced(receive, both("DeleteMessageBatch", { QueueUrl: QUEUE, Entries: entries }, { Failed: [{ Id: "2" }] }));
  expect(facts.map(({ what, ...fact }) => [what, "id" in fact ? fact.id : ""])).toEqual([
    ["received", "chaos-t-1"],
    ["received", "chaos-t-2"],
    ["ack_asked", "chaos-t-1"],
    ["ack_asked", "chaos-t-2"],
    ["acked", "chaos-t-1"],
  ]);
  expect(facts[0]).toMatchObject({ client: "w1", groupId: "g", messageId: "m1" });
});

test("stored is what did not come back unprocessed; a refused call stores nothing", () => {
  const batch = { RequestItems: { t: [put(1), put(2)] } };
  const facts = traced(both("BatchWriteItem", batch, { UnprocessedItems: { t: [put(1)] } }), both("PutItem", { TableName: "t", Item: { id: { S: "chaos-t-1" } } }, {}, 400), both("PutItem", { TableName: "other", Item: {} }, {}));
  expect(facts).toMatchObject([
    { what: "store_asked", ids: ["chaos-t-1", "chaos-t-2"] },
    { what: "stored", ids: ["chaos-t-2"] },
    { what: "store_asked", ids: ["chaos-t-1"] },
  ]);
});

test("a send to the DLQ is a death, one to the queue is none, and what SQS refused of a batch is neither; a look into the DLQ is no receive", () => {
  const Entries = [{ Id: "0", MessageBody: 'cut "chaos-t-3' }];
  const facts = traced(
    both("SendMessageBatch", { QueueUrl: QUEUE, Entries: [...Entries, { Id: "1", MessageBody: 'cut "chaos-t-4' }] }, { Failed: [{ Id: "1" }] }),
    both("SendMessageBatch", { QueueUrl: DLQ, Entries }, {}),
    both("ReceiveMessage", { QueueUrl: DLQ }, { Messages: [message(3)] }),
  );
  expect(facts).toEqual([
    { what: "queued", n: 1, atMs: 5, id: "chaos-t-3" },
    { what: "dead", n: 2, atMs: 5, id: "chaos-t-3" },
  ]);
});
