import { z } from "zod";
import { SqsError, invalidParameter } from "./errors.ts";
import type { Engine } from "./engine.ts";
import { MAX_WAIT_SECONDS } from "./limits.ts";
import type { LongPoll } from "./long-poll.ts";
import { checkBatchIds } from "./message-rules.ts";
import { taskHandle } from "./move-tasks.ts";
import { isAttributeName } from "./queue-attributes.ts";
import type { MoveTask } from "./state.ts";
import { batchAnswer, receivedAnswer, sentAnswer, toSendEntry } from "./wire-messages.ts";
import { type Action, type Wire, WIRE } from "./wire-schemas.ts";

export interface ActionContext {
  engine: Engine;
  longPoll: LongPoll;
  now: () => number;
  /** Address of a queue by name. */
  queueUrl: (name: string) => string;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}

/** Name of the queue that a URL names: its last part. */
function nameOf({ QueueUrl }: { QueueUrl: string }): string {
  return decodeURIComponent(QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1));
}

/** Throws the refusal of a single-message action, which has no list to put it in. */
function only<Outcome extends { ok: true } | { ok: false; error: SqsError }>(outcomes: readonly Outcome[]): Extract<Outcome, { ok: true }> {
  const [outcome] = outcomes;
  if (!outcome) throw new Error("no outcome");
  if (!outcome.ok) throw outcome.error;
  return outcome as Extract<Outcome, { ok: true }>;
}

function moveTaskAnswer(task: MoveTask): object {
  return {
    ...(task.status === "RUNNING" && { TaskHandle: taskHandle(task) }),
    Status: task.status,
    SourceArn: task.sourceArn,
    ...(task.destinationArn !== null && { DestinationArn: task.destinationArn }),
    ...(task.messagesPerSecond !== null && { MaxNumberOfMessagesPerSecond: task.messagesPerSecond }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failureReason !== null && { FailureReason: task.failureReason }),
    StartedTimestamp: task.startedAt,
  };
}

type Handler<Name extends Action> = (context: ActionContext, request: Wire<Name>) => object | Promise<object>;

const HANDLERS: { [Name in Action]: Handler<Name> } = {
  CreateQueue: ({ engine, now, queueUrl }, { QueueName, Attributes }) => {
    const { name } = engine.apply("createQueue", { name: QueueName, attributes: Attributes }, now());
    return { QueueUrl: queueUrl(name) };
  },
  GetQueueUrl: ({ engine, queueUrl, now }, { QueueName }) => {
    engine.attributes(QueueName, now());
    return { QueueUrl: queueUrl(QueueName) };
  },
  ListQueues: ({ engine, queueUrl }, { QueueNamePrefix }) => ({
    QueueUrls: engine.queueNames().filter((name) => name.startsWith(QueueNamePrefix)).map(queueUrl),
  }),
  GetQueueAttributes: ({ engine, now }, request) => {
    const all = engine.attributes(nameOf(request), now());
    const wanted = request.AttributeNames;
    for (const name of wanted) if (name !== "All" && !isAttributeName(name)) throw new SqsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
    const Attributes = wanted.includes("All") ? all : Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
    return Object.keys(Attributes).length === 0 ? {} : { Attributes };
  },
  SetQueueAttributes: ({ engine, now }, request) => {
    engine.apply("setQueueAttributes", { queue: nameOf(request), attributes: request.Attributes }, now());
    return {};
  },
  DeleteQueue: ({ engine, now }, request) => {
    engine.apply("deleteQueue", { queue: nameOf(request) }, now());
    return {};
  },
  PurgeQueue: ({ engine, now }, request) => {
    engine.apply("purgeQueue", { queue: nameOf(request) }, now());
    return {};
  },
  SendMessage: ({ engine, now }, request) => {
    const entry = toSendEntry(request);
    return sentAnswer(entry, only(engine.apply("send", { queue: nameOf(request), entries: [entry] }, now())));
  },
  SendMessageBatch: ({ engine, now }, request) => {
    const ids = request.Entries.map(({ Id }) => Id);
    checkBatchIds(ids);
    const entries = request.Entries.map(toSendEntry);
    const outcomes = engine.apply("send", { queue: nameOf(request), entries }, now());
    return batchAnswer(ids, outcomes, (outcome, position) => {
      const entry = entries[position];
      return entry ? sentAnswer(entry, outcome) : {};
    });
  },
  ReceiveMessage: async ({ engine, longPoll, now, signal }, request) => {
    const queue = nameOf(request);
    const wait = request.WaitTimeSeconds ?? Number(engine.attributes(queue, now()).ReceiveMessageWaitTimeSeconds);
    if (!Number.isInteger(wait) || wait < 0 || wait > MAX_WAIT_SECONDS) {
      throw invalidParameter("WaitTimeSeconds", wait, `Must be >= 0 and <= ${MAX_WAIT_SECONDS}, if provided.`);
    }
    const input = {
      queue,
      maxMessages: request.MaxNumberOfMessages,
      visibilityTimeoutSeconds: request.VisibilityTimeout,
      attemptId: request.ReceiveRequestAttemptId,
    };
    const deliveries = await longPoll.receive(input, wait * 1_000, signal);
    return deliveries.length === 0 ? {} : { Messages: deliveries.map((delivery) => receivedAnswer(delivery, request)) };
  },
  DeleteMessage: ({ engine, now }, request) => {
    only(engine.apply("delete", { queue: nameOf(request), receiptHandles: [request.ReceiptHandle] }, now()));
    return {};
  },
  DeleteMessageBatch: ({ engine, now }, request) => {
    const ids = request.Entries.map(({ Id }) => Id);
    checkBatchIds(ids);
    const receiptHandles = request.Entries.map(({ ReceiptHandle }) => ReceiptHandle);
    return batchAnswer(ids, engine.apply("delete", { queue: nameOf(request), receiptHandles }, now()), () => ({}));
  },
  ChangeMessageVisibility: ({ engine, now }, request) => {
    const entry = { receiptHandle: request.ReceiptHandle, visibilityTimeoutSeconds: request.VisibilityTimeout };
    only(engine.apply("changeVisibility", { queue: nameOf(request), entries: [entry] }, now()));
    return {};
  },
  ChangeMessageVisibilityBatch: ({ engine, now }, request) => {
    const ids = request.Entries.map(({ Id }) => Id);
    checkBatchIds(ids);
    const entries = request.Entries.map((entry) => ({ receiptHandle: entry.ReceiptHandle, visibilityTimeoutSeconds: entry.VisibilityTimeout }));
    return batchAnswer(ids, engine.apply("changeVisibility", { queue: nameOf(request), entries }, now()), () => ({}));
  },
  ListDeadLetterSourceQueues: ({ engine, queueUrl }, request) => ({
    queueUrls: engine.deadLetterSources(nameOf(request)).map(queueUrl),
  }),
  StartMessageMoveTask: ({ engine, now }, request) => {
    const input = {
      sourceArn: request.SourceArn,
      destinationArn: request.DestinationArn,
      messagesPerSecond: request.MaxNumberOfMessagesPerSecond,
    };
    return { TaskHandle: engine.apply("startMoveTask", input, now()).taskHandle };
  },
  CancelMessageMoveTask: ({ engine, now }, { TaskHandle }) => ({
    ApproximateNumberOfMessagesMoved: engine.apply("cancelMoveTask", { taskHandle: TaskHandle }, now()).moved,
  }),
  ListMessageMoveTasks: ({ engine, now }, { SourceArn, MaxResults }) => {
    if (!Number.isInteger(MaxResults) || MaxResults < 1 || MaxResults > 10) throw invalidParameter("MaxResults", MaxResults, "Must be between 1 and 10.");
    const Results = engine.moveTasks(SourceArn, now()).slice(0, MaxResults).map(moveTaskAnswer);
    return { Results };
  },
};

/** The action that an `X-Amz-Target` header names, or null. */
export function actionOf(target: string | undefined): Action | null {
  const name = target?.startsWith("AmazonSQS.") ? target.slice("AmazonSQS.".length) : "";
  return Object.hasOwn(WIRE, name) ? (name as Action) : null;
}

/** Runs one action. @throws SqsError with the refusal. */
export async function runAction(name: Action, context: ActionContext, body: unknown): Promise<object> {
  const parsed = WIRE[name].safeParse(body);
  if (!parsed.success) throw new SqsError("SerializationException", z.prettifyError(parsed.error));
  // The schema and the handler of one name belong together; the union of all hides that from the compiler.
  return (HANDLERS[name] as Handler<Action>)(context, parsed.data);
}
