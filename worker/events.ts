import type { DeathReason } from "#lib/contracts/dead-letters.ts";
import type { GoalState } from "#lib/contracts/drain.ts";
import { jsonLine } from "#lib/contracts/log-line.ts";
import type { DeadLetterEvent } from "./dead-letter-events.ts";

type Ids = readonly string[];

/** Why a push waits, uncounted: for the sink, the filter, another's claim, the renewal of a visibility, or a stop. */
export type PushWait = "sink" | "filter" | "claimed" | "visibility" | "stopping";

/**
 * Everything the worker does, one event a step: the log line and the hook of tests in one. `messageIds` are SQS
 * MessageIds.
 */
export type WorkerEvent =
  | { event: "started"; worker: string; queue: string; table: string; sinks: Ids }
  | { event: "ready"; worker: string; effectiveWcuPerSecond: number; healthUrl: string }
  | { event: "health_listening"; healthUrl: string; instead: number | null }
  | { event: "receiving_wedged"; forMs: number }
  | { event: "stopping"; signal: string }
  | { event: "stopped"; unfinished: number }
  | { event: "waiting_for_backends"; error: string }
  | { event: "received"; attemptId: string; messageIds: Ids; groups: number }
  | { event: "receive_failed"; error: string; retryInMs: number }
  | { event: "redelivered"; messageId: string; receiveCount: number; marks: number; alone: boolean }
  | { event: "lease_granted"; costWriteUnits: number; startInMs: number; startsAtMs?: number }
  | { event: "lease_refused"; costWriteUnits: number; retryInMs: number }
  | { event: "storing"; messageIds: Ids; writeUnits: number; alone: boolean }
  | { event: "stored"; messageIds: Ids; writeUnits: number }
  | { event: "unprocessed"; messageIds: Ids }
  | { event: "throttled"; scope: "table" | "key_range"; groupId: string; cut: boolean; error: string }
  | { event: "table_unavailable"; error: string; retryInMs: number }
  | { event: "store_unknown"; messageIds: Ids; error: string }
  | { event: "push_claimed"; messageId: string; sink: string; key: string }
  | { event: "push_accepted"; messageId: string; sink: string; key: string }
  | { event: "pushed"; messageId: string; sink: string; key: string }
  | { event: "push_skipped"; messageId: string; sink: string; key: string }
  | { event: "push_put_off"; messageId: string; sink: string; why: PushWait; retryInMs: number; error: string }
  | { event: "push_failed"; messageId: string; sink: string; reason: DeathReason; error: string }
  | { event: "redrive_resolved"; messageId: string; deathId: string }
  | { event: "acked"; messageIds: Ids }
  | { event: "ack_failed"; messageIds: Ids; error: string }
  | { event: "attempt_failed"; messageId: string; reason: DeathReason; error: string; attempts: number; decision: "retry" | "die" }
  | { event: "died"; messageId: string; outcome: "completed" | "unfinished" }
  | { event: "nacked"; messageIds: Ids; delaySeconds: number }
  | { event: "released"; messageIds: Ids; why: "stopping" | "held_too_long" | "ledger_away" | "paused"; delaySeconds: number }
  | { event: "visibility_failed"; messageIds: Ids; error: string }
  | { event: "extended"; messageIds: Ids }
  | { event: "left"; messageIds: Ids; why: "expired" | "unknown_store" | "ack_failed" | "stop_deadline" }
  | { event: "rate_changed"; effectiveWcuPerSecond: number; version: number }
  | { event: "rate_computed"; mode: "auto" | "goal"; rateWcuPerSecond: number }
  | { event: "goal_state"; state: GoalState | null; rateWcuPerSecond: number }
  | { event: "provisioned"; writeUnits: number | null }
  | { event: "drain_unreachable"; error: string; localWcuPerSecond: number }
  | { event: "drain_reachable" }
  | { event: "draining_paused"; afterMs: number }
  | { event: "ledger_unreachable"; error: string }
  | { event: "report_failed"; what: "heartbeat" | "samples" | "progress" | "metrics" | "provisioned"; error: string }
  | { event: "progress_healed"; users: number }
  | { event: "pruned"; samples: number; workers: number }
  | { event: "fault"; where: string; error: string }
  | DeadLetterEvent;

export type Level = "debug" | "info" | "warn" | "error";

/** Steps of single messages and leases: thousands a second, so not printed unless asked for. */
const DEBUG = new Set<WorkerEvent["event"]>([
  "received",
  "redelivered",
  "lease_granted",
  "lease_refused",
  "rate_computed",
  "storing",
  "stored",
  "unprocessed",
  "push_claimed",
  "push_accepted",
  "pushed",
  "push_skipped",
  "redrive_resolved",
  "acked",
  "nacked",
  "extended",
  "pruned",
  "death.sent",
  "redrive.resolved",
  "sweep.walked",
]);
const WARN = new Set<WorkerEvent["event"]>([
  "waiting_for_backends",
  "receive_failed",
  "throttled",
  "table_unavailable",
  "store_unknown",
  "push_put_off",
  "push_failed",
  "ack_failed",
  "visibility_failed",
  "left",
  "drain_unreachable",
  "draining_paused",
  "ledger_unreachable",
  "report_failed",
  "death.unfinished",
  "leader.lost",
  "duty.failed",
  "redrive.refused",
]);

export function levelOf({ event }: WorkerEvent): Level {
  if (event === "fault" || event === "receiving_wedged") return "error";
  if (WARN.has(event)) return "warn";
  return DEBUG.has(event) ? "debug" : "info";
}

const RANK: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** The event as one line of JSON, or null under the level that is asked for. */
export function logLine(event: WorkerEvent, { atMs, logLevel }: { atMs: number; logLevel: Level }): string | null {
  const level = levelOf(event);
  if (RANK[level] < RANK[logLevel]) return null;
  return jsonLine({ at: new Date(atMs).toISOString(), level, ...event });
}

export type Emit = (event: WorkerEvent) => void;

/** Calls every listener; one that throws harms nobody. */
export function createEmitter(listeners: readonly Emit[]): Emit {
  return (event) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        // A listener is a log or a test: its fault must not stop the step it was told of.
      }
    }
  };
}

/** The message of whatever was thrown, with its name: SDK errors say little without it. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
