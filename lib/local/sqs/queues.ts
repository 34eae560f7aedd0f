import type { Commands } from "./commands.ts";
import { SqsError, invalidParameter } from "./errors.ts";
import { createFifoQueue } from "./fifo-queue.ts";
import { QUEUE_COOL_DOWN_MS } from "./limits.ts";
import { changedQueueAttributes, newQueueAttributes, type QueueAttributeValues, settingsOf } from "./queue-attributes.ts";
import { type EngineState, newQueue, queueArn, queueByArn, queueNamed } from "./state.ts";

type Input<Op extends keyof Commands> = Commands[Op]["input"];

function checkDeadLetterTarget(state: EngineState, name: string, attributes: QueueAttributeValues): void {
  const target = settingsOf(attributes).redrivePolicy?.deadLetterTargetArn;
  if (target === undefined) return;
  if (target === queueArn(state.options, name)) {
    throw invalidParameter("RedrivePolicy", attributes.RedrivePolicy, "The source queue and the dead letter queue must differ.");
  }
  if (!queueByArn(state, target)) throw invalidParameter("RedrivePolicy", attributes.RedrivePolicy, "Dead letter target does not exist.");
}

/**
 * Makes a queue. The same name with the same attributes gives the queue that is there.
 * @throws QueueNameExists, QueueDeletedRecently (60 s), or what is wrong with the attributes.
 */
export function createQueue(state: EngineState, { name, attributes }: Input<"createQueue">, now: number): { name: string } {
  const wanted = newQueueAttributes(name, attributes);
  const existing = state.queues.get(name);
  if (existing) {
    const differs = Object.keys(attributes).some((key) => existing.attributes[key] !== wanted[key]);
    if (!differs) return { name };
    throw new SqsError("QueueNameExists", "A queue already exists with the same name and a different value for an attribute.");
  }
  if (now - (state.deletedAt.get(name) ?? -Infinity) < QUEUE_COOL_DOWN_MS) {
    throw new SqsError("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.");
  }
  checkDeadLetterTarget(state, name, wanted);
  state.deletedAt.delete(name);
  state.queues.set(name, newQueue(state.options, name, wanted, now));
  state.revision += 1;
  return { name };
}

/** Changes attributes; a new retention period counts for messages that are there already. */
export function setQueueAttributes(state: EngineState, { queue: name, attributes }: Input<"setQueueAttributes">, now: number): null {
  const queue = queueNamed(state, name);
  const next = changedQueueAttributes(queue.attributes, attributes);
  checkDeadLetterTarget(state, name, next);
  queue.attributes = next;
  queue.settings = settingsOf(next);
  queue.modifiedAt = now;
  state.revision += 1;
  return null;
}

/** Deletes a queue with all it holds. */
export function deleteQueue(state: EngineState, { queue: name }: Input<"deleteQueue">, now: number): null {
  queueNamed(state, name);
  state.queues.delete(name);
  state.deletedAt.set(name, now);
  state.revision += 1;
  return null;
}

/** Deletes all messages, those in flight too. @throws PurgeQueueInProgress within 60 s of the purge before. */
export function purgeQueue(state: EngineState, { queue: name }: Input<"purgeQueue">, now: number): null {
  const queue = queueNamed(state, name);
  if (queue.purgedAt !== null && now - queue.purgedAt < QUEUE_COOL_DOWN_MS) {
    throw new SqsError("PurgeQueueInProgress", `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`);
  }
  const { visible, inFlight } = queue.messages.counts();
  queue.totals.purged += visible + inFlight;
  const seq = queue.messages.nextSeq();
  queue.messages = createFifoQueue(state.options);
  queue.messages.setNextSeq(seq);
  queue.purgedAt = now;
  state.revision += 1;
  return null;
}

/** Names of the queues whose redrive policy points here. @throws QueueDoesNotExist */
export function deadLetterSources(state: EngineState, name: string): string[] {
  const { arn } = queueNamed(state, name);
  return [...state.queues.values()].filter((queue) => queue.settings.redrivePolicy?.deadLetterTargetArn === arn).map((queue) => queue.name);
}

/** All attributes as GetQueueAttributes names them. Counts are exact here, where AWS's lag by up to a minute. */
export function allAttributes(state: EngineState, name: string): Record<string, string> {
  const queue = queueNamed(state, name);
  const { visible, inFlight } = queue.messages.counts();
  return {
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: "0",
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1_000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1_000)),
  };
}
