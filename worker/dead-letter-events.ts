import type { DeathReason } from "#lib/contracts/dead-letters.ts";

/** What the dead-letter duties tell: one log line each, and the hooks of their tests. */
export type DeadLetterEvent =
  | { event: "death.decided"; deathId: string; messageId: string; reason: DeathReason; attempts: number }
  | { event: "death.sent"; deathId: string; dlqMessageId: string }
  | { event: "death.unfinished"; deathId: string; error: string }
  | { event: "redrive.resolved"; deathId: string; outcome: "stored" }
  | { event: "redrive.sent"; items: number }
  | { event: "redrive.refused"; deathId: string; runId: string; error: string }
  | { event: "sweep.walked"; seen: number; deleted: number; filed: number; held: number; whole: boolean }
  | { event: "sweep.filed"; deathId: string; messageId: string; reason: DeathReason }
  | { event: "leader.held"; duty: string }
  | { event: "leader.lost"; duty: string; error: string }
  | { event: "leader.released"; duty: string }
  | { event: "duty.failed"; duty: string; error: string };

/** A listener; one that throws must harm nobody, so it is called through `emit`. */
export type OnDeadLetterEvent = (event: DeadLetterEvent) => void;

/** Makes an emitter that no listener can break. */
export function safely(listener: OnDeadLetterEvent | undefined): OnDeadLetterEvent {
  return (event) => {
    try {
      listener?.(event);
    } catch {
      // A listener is a log or a test: its fault must not stop the act it was told of.
    }
  };
}

/** The message of whatever was thrown. */
export function errorText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
