import { createExpiringMap, type ExpiringMap } from "./expiring-map.ts";
import { SqsError } from "./errors.ts";
import { createFifoQueue, type FifoQueue } from "./fifo-queue.ts";
import { DEDUPLICATION_MS } from "./limits.ts";
import { type QueueAttributeValues, type QueueSettings, settingsOf } from "./queue-attributes.ts";

/** Where messages went, counted since the queue was made: sent + movedIn = waiting + in flight + the ways out. */
export interface QueueTotals {
  /** Messages queued by a send. */
  sent: number;
  sentBytes: number;
  /** Sends answered with the ids of an earlier one. */
  duplicates: number;
  /** Deliveries; a message received twice counts twice. */
  received: number;
  deleted: number;
  expired: number;
  purged: number;
  /** To the dead-letter queue by redrive policy, or by a move task. */
  movedOut: number;
  movedIn: number;
}

export interface Sent {
  messageId: string;
  seq: number;
}

/** What a ReceiveRequestAttemptId got. */
export interface Attempt {
  receipts: { seq: number; receiveCount: number }[];
}

export interface QueueState {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  /** Name and time of making: handles of a deleted namesake do not fit. */
  readonly identity: string;
  modifiedAt: number;
  purgedAt: number | null;
  attributes: QueueAttributeValues;
  settings: QueueSettings;
  messages: FifoQueue;
  deduplications: ExpiringMap<Sent>;
  attempts: ExpiringMap<Attempt>;
  totals: QueueTotals;
}

export type MoveTaskStatus = "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
export interface MoveTask {
  id: string;
  sourceArn: string;
  destinationArn: string | null;
  /** As asked for; null lets the stand-in go at its fastest. */
  messagesPerSecond: number | null;
  startedAt: number;
  status: MoveTaskStatus;
  moved: number;
  toMove: number;
  failureReason: string | null;
}

export interface EngineOptions {
  /** Message ids derive from it: the same seed and commands give the same ids. */
  seed: string;
  region?: string;
  accountId?: string;
  /** Smaller than AWS's in tests only. */
  lookAhead: number;
  maxInFlight: number;
}

export interface EngineState {
  readonly options: EngineOptions;
  /** Time never runs backwards: a command with an earlier time happens at this one, epoch milliseconds. */
  now: number;
  /** Grows with every change that time alone does not make. */
  revision: number;
  queues: Map<string, QueueState>;
  deletedAt: Map<string, number>;
  moveTasks: MoveTask[];
}

/** Amazon resource name of a queue. */
export function queueArn(options: EngineOptions, name: string): string {
  return `arn:aws:sqs:${options.region ?? "us-east-1"}:${options.accountId ?? "000000000000"}:${name}`;
}

/** A queue without messages. */
export function newQueue(options: EngineOptions, name: string, attributes: QueueAttributeValues, createdAt: number): QueueState {
  return {
    name,
    arn: queueArn(options, name),
    createdAt,
    identity: `${name}@${createdAt}`,
    modifiedAt: createdAt,
    purgedAt: null,
    attributes,
    settings: settingsOf(attributes),
    messages: createFifoQueue(options),
    deduplications: createExpiringMap(DEDUPLICATION_MS),
    attempts: createExpiringMap(DEDUPLICATION_MS),
    totals: { sent: 0, sentBytes: 0, duplicates: 0, received: 0, deleted: 0, expired: 0, purged: 0, movedOut: 0, movedIn: 0 },
  };
}

/** @throws QueueDoesNotExist */
export function queueNamed(state: EngineState, name: string): QueueState {
  const queue = state.queues.get(name);
  if (!queue) throw new SqsError("QueueDoesNotExist", "The specified queue does not exist.");
  return queue;
}

/** The queue of an ARN, or null where there is none of that account and region. */
export function queueByArn(state: EngineState, arn: string): QueueState | null {
  const queue = state.queues.get(arn.slice(arn.lastIndexOf(":") + 1));
  return queue?.arn === arn ? queue : null;
}

/** Key of the deduplication window: ids of two groups differ when the scope is the group. */
export function deduplicationKey(queue: QueueState, groupId: string, deduplicationId: string): string {
  // A group id holds no space, so the two cannot run into each other.
  return queue.settings.deduplicationScope === "messageGroup" ? `${groupId} ${deduplicationId}` : deduplicationId;
}
