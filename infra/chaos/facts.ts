import type { Activity } from "#lib/contracts/activity.ts";

/**
 * What a send is meant to come to: `healthy` is stored; the poisons die, `redriven` dies first and is stored in the end.
 */
export type Kind = "healthy" | "malformed" | "unknown_version" | "rejected" | "killer" | "redriven";

/**
 * One try to send an activity, as its answer told it. `unsent`: surely not queued, by the word of the public API or since
 * nothing of it left. `unknown`: all else but `ok`.
 */
export interface Try {
  askedN: number;
  answeredN: number;
  said: "ok" | "unsent" | "unknown";
}

/** One activity as its producer saw it. `n` counts all facts of a run in the order they were seen. */
export interface Send {
  id: string;
  userId: string;
  kind: Kind;
  /** What the item must say, delivery facts aside; null for a body that is no activity. */
  content: string | null;
  /** Sends of one request share it. */
  request: number;
  position: number;
  askedN: number;
  /** When the outcome was known; null while it is not. */
  answeredN: number | null;
  outcome: "ok" | "refused" | "unknown";
  /** The verdict said that SQS took it after refusing an earlier one of its user. */
  outOfOrder: boolean;
  /** Of a producer that sends again under the same id until it has an answer: each of its tries, the first one's time above. */
  tries?: readonly Try[];
}

/**
 * What was seen between the workers and the stand-ins. Ids are the activities'. `atMs` is when it was seen: a call
 * before its act, an answer after it. `count` is SQS's count of the message's receives. `client` is the worker; of an ack the one that had received the message.
 */
export type WireFact =
  | { what: "queued"; n: number; atMs: number; id: string }
  | { what: "received"; n: number; atMs: number; id: string; messageId: string; groupId: string; count: number; client: string }
  | { what: "show_asked"; n: number; atMs: number; messageId: string; seconds: number; client: string }
  | { what: "shown"; n: number; atMs: number; messageId: string; seconds: number; client: string }
  | { what: "store_asked"; n: number; call: number; ids: readonly string[] }
  | { what: "stored"; n: number; atMs: number; call: number; ids: readonly string[] }
  | { what: "dead"; n: number; atMs: number; id: string }
  | { what: "ack_asked"; n: number; atMs: number; id: string; messageId: string; client: string }
  | { what: "acked"; n: number; atMs: number; id: string; messageId: string; client: string };

/** An item of the table: its id and what it says, delivery facts aside. */
export interface ItemFact {
  id: string;
  userId: string;
  content: string;
}

/** A row of the ledger. */
export interface DeathFact {
  id: string;
  deathId: string;
  reason: string;
  status: string;
}

/** A push that the sink took. */
export interface PushFact {
  id: string;
  n: number;
}

export interface Kill {
  client: string;
  atMs: number;
}

/** A step of a worker that names messages, by its own log. */
export interface StepFact {
  client: string;
  atMs: number;
  event: string;
  messageIds: readonly string[];
}

/** A worker that stood still. */
export interface Pause {
  client: string;
  fromMs: number;
  toMs: number;
}

/** Everything a run is judged by. */
export interface Facts {
  sends: readonly Send[];
  wire: readonly WireFact[];
  items: readonly ItemFact[];
  deaths: readonly DeathFact[];
  /** Ids of the activities that the DLQ holds, one for each copy. */
  deadLetters: readonly string[];
  /** Messages left in the queue. */
  left: number;
  kills: readonly Kill[];
  pauses: readonly Pause[];
  steps: readonly StepFact[];
  /** For how long a receive hides a message. */
  visibilityMs: number;
  /** The longest time between an act and its being seen. */
  seenLateMs: number;
}

/** What an activity says, in one text: equality of content. */
export function contentOf({ id, userId, type, occurredAt, sessionId, source, properties }: Activity): string {
  return JSON.stringify([id, userId, type, occurredAt, sessionId ?? null, source ?? null, properties ?? null]);
}

/** The marks of a run's ids; a body that is no activity carries one in its text. */
const ID = /chaos-[a-z0-9]+-\d+/;

/** The activity that a message's body is of, whatever its state; "" for a stranger's. */
export function idOfBody(body: string): string {
  return ID.exec(body)?.[0] ?? "";
}
