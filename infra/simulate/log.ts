import type { WorkerEvent } from "#worker/events.ts";
import type { PostgresEvent } from "./postgres/state.ts";

/** What handling an activity comes to: all but `healthy` are poison. `unwelcome` is refused by the webhook. */
export type ActivityKind = "healthy" | "rejected" | "malformed" | "unknown_version" | "killer" | "unwelcome";
export type SendOutcome = "ok" | "refused" | "unknown";

/** One thing that happened. `worker` names a process (each start has a name of its own). Times are virtual ms. */
export type Fact =
  | { fact: "intent"; id: string; groupId: string; kind: ActivityKind }
  /** A request's first verdicts: what was accepted in the order in which it stands there. */
  | { fact: "answered"; inOrder: readonly string[] }
  | { fact: "outcome"; id: string; outcome: SendOutcome }
  | { fact: "accepted"; id: string; messageId: string; groupId: string; sequence: string; redriveOf: string | null }
  | { fact: "received"; worker: string; messageId: string; groupId: string; receiveCount: number; untilMs: number }
  | { fact: "hidden"; worker: string; messageId: string; untilMs: number }
  | { fact: "deleted"; worker: string; messageId: string }
  | { fact: "written"; worker: string; id: string; content: string; writeUnits: number }
  | { fact: "pushed"; worker: string; id: string }
  | { fact: "push_marked"; worker: string; id: string }
  | { fact: "dead_letter"; worker: string; deathId: string; id: string; copyId: string }
  | { fact: "dead_letter_deleted"; worker: string; deathId: string; copyId: string }
  | { fact: "postgres"; worker: string; event: PostgresEvent }
  /** A worker told Postgres that a user is complete through this. */
  | { fact: "through"; worker: string; groupId: string; sequence: string }
  | { fact: "dial"; rateWcuPerSecond: number }
  | { fact: "worker"; worker: string; event: WorkerEvent }
  | { fact: "fault"; worker: string | null; what: FaultKind; detail: string }
  | { fact: "faults_over" };

export type FaultKind =
  | "killed"
  | "paused"
  | "resumed"
  | "stopped"
  | "clock_jump"
  | "call_failed"
  | "answer_lost"
  | "call_hung"
  | "call_late"
  | "postgres_away"
  | "postgres_back"
  | "throttled"
  | "unprocessed"
  | "partial_delete"
  | "push_refused"
  | "push_cut";

export type Entry = Fact & { step: number; atMs: number };

/** What stands where at a moment, by activity id; copies count as often as they stand there. */
export interface Dump {
  atMs: number;
  /** Content of the item by activity id. */
  table: Map<string, string>;
  queue: string[];
  deadLetters: { id: string; deathId: string | null; copyId: string }[];
  deaths: { deathId: string; messageId: string; id: string; status: "open" | "stored" | "bounced"; attempts: number; reason: string }[];
  unfinishedRedriveItems: number;
}

/** What a run leaves for the checker. */
export interface RunLog {
  seed: number;
  allowedAttempts: number;
  /** Whether a webhook is on. */
  pushing: boolean;
  entries: Entry[];
  /** Content that each activity must have in the table, delivery facts aside. */
  contents: Map<string, string>;
  /** When the faults ended. */
  safety: Dump;
  /** When all was quiet, or time was up; null when only safety was run. */
  final: Dump | null;
  /** Whether the queue drained within the time allowed. */
  drained: boolean;
  drainLimitMs: number;
}
