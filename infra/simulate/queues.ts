import { DEATH_ATTRIBUTES, REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import type { ReceivedMessage, SendResult, SqsQueue } from "#lib/gateways/sqs-queue.ts";
import type { Delivery } from "#lib/local/sqs/commands.ts";
import { createEngine } from "#lib/local/sqs/engine.ts";
import type { SqsError } from "#lib/local/sqs/errors.ts";
import type { Fact } from "./log.ts";
import { EPOCH_MS, type Host } from "./host.ts";
import type { Link } from "./link.ts";
import type { Scheduler } from "./scheduler.ts";

export const MAIN = "activities.fifo";
export const DLQ = "activities-dlq.fifo";
const RECEIVE_LIMIT_MS = 25_000;

/** The activity that a body speaks of; every body of a run names one, malformed ones too. */
export function idOf(body: string): string {
  return /"id":"(a\d+)"/.exec(body)?.[1] ?? "?";
}

function toReceived(delivery: Delivery): ReceivedMessage {
  const { messageId, receiptHandle, groupId, body, sequenceNumber, receiveCount, sentAt } = delivery;
  const attributes = Object.fromEntries(Object.entries(delivery.attributes ?? {}).map(([name, value]) => [name, value.StringValue ?? ""]));
  return { messageId, receiptHandle, groupId, body, sequenceNumber, receiveCount, sentAt: new Date(sentAt), attributes };
}

const codeOf = (error: SqsError) => (error.message.endsWith("The receipt handle has expired.") ? "ReceiptHandleIsInvalid" : error.code);

export type Queues = ReturnType<typeof createQueues>;

/** The FIFO engine with both queues, in virtual time, and long polls over it. */
export function createQueues({
  scheduler,
  seed,
  maxReceiveCount,
  log,
  failsAlone,
}: {
  scheduler: Scheduler;
  seed: number;
  maxReceiveCount: number;
  log: (fact: Fact) => void;
  /** Whether one entry of a delete fails though the call succeeds. */
  failsAlone: () => boolean;
}) {
  const engine = createEngine({ seed: `seed ${seed}` });
  const now = () => EPOCH_MS + Math.floor(scheduler.now());
  engine.apply("createQueue", { name: DLQ, attributes: { FifoQueue: "true" } }, now());
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${DLQ}`, maxReceiveCount });
  const throughput = { DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" };
  engine.apply("createQueue", { name: MAIN, attributes: { FifoQueue: "true", RedrivePolicy, ...throughput } }, now());
  let polls: { queue: string; attempt: () => boolean }[] = [];
  let lookAtMs = Number.POSITIVE_INFINITY;

  /** Serves long polls that can be served, and plans the next look for when time makes something visible. */
  function look(): void {
    if (polls.length === 0) return;
    polls = polls.filter(({ queue, attempt }) => !(engine.available(queue, now()) && attempt()));
    const next = engine.nextEventAt();
    if (polls.length === 0 || !Number.isFinite(next) || next >= lookAtMs) return;
    lookAtMs = next;
    scheduler.after(next - EPOCH_MS - scheduler.now() + 1, () => {
      lookAtMs = Number.POSITIVE_INFINITY;
      look();
    });
  }

  const handles = new Map<string, string>();
  const messageOf = (handle: string) => handles.get(handle) ?? "?";
  /** Death of each copy in the DLQ. */
  const copies = new Map<string, string>();

  /** The gateway of one queue, as one process sees it. */
  function gateway(queue: string, host: Host, link: Link): SqsQueue {
    const worker = host.name;
    const short = queue === MAIN ? "main" : "dlq";

    return {
      queueUrl: queue,
      sendBatch: (messages, cancel) =>
        link.call({ backend: "sqs", name: `${short}.send`, signal: cancel?.signal, limitMs: 10_000 }, () => {
          const entries = messages.map(({ body, groupId, deduplicationId, attributes }) => ({
            body,
            groupId,
            deduplicationId,
            attributes: attributes ? Object.fromEntries(Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }])) : null,
          }));
          const outcomes = engine.apply("send", { queue, entries }, now());
          const results = outcomes.map((outcome, position): SendResult => {
            if (!outcome.ok) return { ok: false, code: outcome.error.code, message: outcome.error.message, senderFault: true };
            const sent = messages[position];
            if (sent && !outcome.duplicate) {
              const id = idOf(sent.body);
              const { messageId, sequenceNumber: sequence } = outcome;
              if (queue === MAIN) {
                const redriveOf = sent.attributes?.[REDRIVE_DEATH_ATTRIBUTE] ?? null;
                log({ fact: "accepted", id, messageId, groupId: sent.groupId, sequence, redriveOf });
              } else {
                const deathId = sent.attributes?.[DEATH_ATTRIBUTES.deathId] ?? "";
                copies.set(messageId, deathId);
                log({ fact: "dead_letter", worker, deathId, id, copyId: messageId });
              }
            }
            return { ok: true, messageId: outcome.messageId, sequenceNumber: outcome.sequenceNumber };
          });
          look();
          return results;
        }),

      receive: ({ maxMessages, waitSeconds, visibilitySeconds, attemptId }, cancel) =>
        link.call({ backend: "sqs", name: `${short}.receive`, signal: cancel?.signal, limitMs: RECEIVE_LIMIT_MS }, () => {
          const take = (): ReceivedMessage[] => {
            const got = engine.apply("receive", { queue, maxMessages, visibilityTimeoutSeconds: visibilitySeconds, attemptId }, now());
            for (const { messageId, groupId, receiveCount, receiptHandle } of got) {
              handles.set(receiptHandle, messageId);
              if (queue === MAIN) log({ fact: "received", worker, messageId, groupId, receiveCount, untilMs: scheduler.now() + visibilitySeconds * 1000 });
            }
            return got.map(toReceived);
          };
          const first = take();
          if (first.length > 0 || waitSeconds === 0) return first;
          return new Promise<ReceivedMessage[]>((resolve) => {
            let waiting = true;
            const poll = {
              queue,
              attempt: () => {
                // SQS learns of a closed connection: a killed process's poll ends with it.
                if (!waiting || !host.alive() || cancel?.signal?.aborted === true) return true;
                const got = take();
                if (got.length === 0) return false;
                waiting = false;
                end();
                resolve(got);
                return true;
              },
            };
            const end = scheduler.after(waitSeconds * 1000, () => {
              waiting = false;
              polls = polls.filter((one) => one !== poll);
              resolve([]);
            });
            polls.push(poll);
            look();
          });
        }),

      deleteBatch: (receiptHandles, cancel) =>
        link.call({ backend: "sqs", name: `${short}.delete`, signal: cancel?.signal }, () => {
          const failed = new Map<number, string>();
          const tried = receiptHandles.flatMap((handle, position) => {
            if (failsAlone()) failed.set(position, "InternalError");
            return failed.has(position) ? [] : [{ handle, position }];
          });
          const outcomes = engine.apply("delete", { queue, receiptHandles: tried.map(({ handle }) => handle) }, now());
          for (const [index, { handle, position }] of tried.entries()) {
            const outcome = outcomes[index];
            if (outcome && !outcome.ok) failed.set(position, codeOf(outcome.error));
            if (!outcome?.ok || outcome.did !== "deleted") continue;
            const messageId = messageOf(handle);
            if (queue === MAIN) log({ fact: "deleted", worker, messageId });
            else log({ fact: "dead_letter_deleted", worker, deathId: copies.get(messageId) ?? "", copyId: messageId });
          }
          look();
          return failed;
        }),

      changeVisibilityBatch: (changes, cancel) =>
        link.call({ backend: "sqs", name: `${short}.visibility`, signal: cancel?.signal }, () => {
          const failed = new Map<number, string>();
          const entries = changes.map(({ receiptHandle, visibilitySeconds }) => ({ receiptHandle, visibilityTimeoutSeconds: visibilitySeconds }));
          for (const [position, outcome] of engine.apply("changeVisibility", { queue, entries }, now()).entries()) {
            const change = changes[position];
            if (!outcome.ok) failed.set(position, codeOf(outcome.error));
            else if (change && queue === MAIN) {
              log({ fact: "hidden", worker, messageId: messageOf(change.receiptHandle), untilMs: scheduler.now() + change.visibilitySeconds * 1000 });
            }
          }
          look();
          return failed;
        }),

      attributes: (cancel) =>
        link.call({ backend: "sqs", name: `${short}.attributes`, signal: cancel?.signal }, () => {
          const { visible, inFlight } = engine.figures(queue, now());
          return { visible, inFlight, delayed: 0, createdAt: null, retentionSeconds: null, visibilityTimeoutSeconds: null };
        }),
    };
  }

  /** Every message in a queue, in order, without receiving. */
  function contents(queue: string): { messageId: string; body: string; deathId: string | null }[] {
    return [...engine.snapshot()].flatMap((line) => {
      if (line.kind !== "message" || line.queue !== queue) return [];
      const { id: messageId, body, attributes } = line.content;
      return [{ messageId, body, deathId: attributes?.[DEATH_ATTRIBUTES.deathId]?.StringValue ?? null }];
    });
  }

  return { engine, gateway, contents };
}
