import { randomUUID } from "node:crypto";
import { SQSClient } from "@aws-sdk/client-sqs";
import { localClientOptions, provisionQueues } from "#infra/start/provision.ts";
import { createSqsQueue, type ReceivedMessage, type SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { startSqs } from "#lib/local/sqs/server.ts";

/** Receives after which SQS moves a message to the DLQ; more than a test makes by looking. */
const MAX_RECEIVE_COUNT = 20;

/** Receives all that can be seen of a queue, and shows it again. */
async function dump(queue: SqsQueue): Promise<ReceivedMessage[]> {
  const all: ReceivedMessage[] = [];
  for (;;) {
    const some = await queue.receive({ maxMessages: 10, waitSeconds: 0, visibilitySeconds: 600, attemptId: randomUUID() });
    if (some.length === 0) break;
    all.push(...some);
  }
  for (let from = 0; from < all.length; from += 10) {
    await queue.changeVisibilityBatch(all.slice(from, from + 10).map(({ receiptHandle }) => ({ receiptHandle, visibilitySeconds: 0 })));
  }
  return all;
}

/** The queue and its DLQ on an SQS stand-in whose clock a test moves. */
export async function startDeadLetterQueues() {
  let aheadMs = 0;
  const sqs = await startSqs({ port: 0, now: () => Date.now() + aheadMs });
  const client = new SQSClient(localClientOptions(sqs.url));
  const urls = await provisionQueues(sqs.url, { visibilityTimeoutSeconds: 30, maxReceiveCount: MAX_RECEIVE_COUNT });
  const queue = createSqsQueue({ client, queueUrl: urls.queueUrl });
  const deadLetterQueue = createSqsQueue({ client, queueUrl: urls.deadLetterQueueUrl });

  async function empty(target: SqsQueue): Promise<void> {
    aheadMs += 1_000_000; // past every visibility timeout
    for (;;) {
      const some = await target.receive({ maxMessages: 10, waitSeconds: 0, visibilitySeconds: 600, attemptId: randomUUID() });
      if (some.length === 0) return;
      await target.deleteBatch(some.map(({ receiptHandle }) => receiptHandle));
    }
  }

  async function received({ groupId = "group", body, attributes = {} }: { groupId?: string; body: string; attributes?: Record<string, string> }) {
    await queue.sendBatch([{ groupId, deduplicationId: randomUUID(), body, attributes }]);
    const [message] = await queue.receive({ maxMessages: 1, waitSeconds: 0, visibilitySeconds: 30, attemptId: randomUUID() });
    if (message === undefined) throw new Error("the message just sent was not received");
    return message;
  }

  return {
    queue,
    deadLetterQueue,
    dump,
    requestCounts: () => sqs.requestCounts(),
    /** Moves the queues' clock on. */
    pass(milliseconds: number) {
      aheadMs += milliseconds;
    },
    async empty() {
      await empty(queue);
      await empty(deadLetterQueue);
    },
    /** Sends one message to the main queue and receives it, as a worker does. Its group must be free. */
    received,
    /** Sends one message and receives it more often than the queue allows, so that SQS moves it to the DLQ itself. */
    async moved(message: Parameters<typeof received>[0]): Promise<ReceivedMessage> {
      let seen = await received(message);
      for (let receives = 1; receives <= MAX_RECEIVE_COUNT; receives += 1) {
        await queue.changeVisibilityBatch([{ receiptHandle: seen.receiptHandle, visibilitySeconds: 0 }]);
        [seen = seen] = await queue.receive({ maxMessages: 1, waitSeconds: 0, visibilitySeconds: 30, attemptId: randomUUID() });
      }
      return seen;
    },
    async close() {
      client.destroy();
      await sqs.close();
    },
  };
}
export type DeadLetterQueues = Awaited<ReturnType<typeof startDeadLetterQueues>>;

/** Stands for kill -9: what comes after it does not happen. */
export class Killed extends Error {}

/**
 * Lets `steps` calls of the given objects' methods through, all counted together, and then kills: the fatal call is
 * made or not, its answer is lost, and so are all calls after it.
 */
export function killer({ steps, afterAct }: { steps: number; afterAct: boolean }) {
  let left = steps;
  let dead = false;
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(from, name, receiver) {
        const value: unknown = Reflect.get(from, name, receiver);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          if (dead) throw new Killed("killed");
          left -= 1;
          dead = left < 0;
          if (dead && !afterAct) throw new Killed("killed before the act");
          const answer: unknown = await Reflect.apply(value, from, given);
          if (dead) throw new Killed("killed after the act");
          return answer;
        };
      },
    });
  return { wrap, killed: () => dead };
}
