import type { Activity } from "#lib/contracts/activity.ts";
import type { DeathReason } from "#lib/contracts/dead-letters.ts";

/** One activity on its way to a sink. It is in the table already. */
export interface Push {
  activity: Activity;
  /** When the public API took it, fixed-width UTC. */
  acceptedAt: string;
  /** The same for every push of one activity to whatever sink; text that fits a header. */
  idempotencyKey: string;
}

/**
 * What became of a push:
 * - `pushed`: the sink has it.
 * - `failed`: an attempt of the message is spent; after the allowed attempts it dies of `reason`.
 * - `later`: the sink asks for patience; no attempt is spent, up to a bound.
 */
export type PushResult = { kind: "pushed" } | { kind: "failed"; reason: DeathReason; error: string } | { kind: "later"; retryInMs: number; error: string };

/**
 * A side effect that follows the store of an activity and comes before its ack. It is asked for one activity of a
 * user at a time, in the user's order, and through a dedup filter: it need not remember what it has been given.
 * docs/sinks.md says how to add one.
 */
export interface Sink {
  /** Part of the filter's key: never rename one, or all is pushed again. */
  name: string;
  /** Longest that one `push` may take, its own retries included; it is cut off after that. */
  longestMs: number;
  /** Pushes at once, at most; more of them wait, and their time does not run yet. */
  atOnce: number;
  /** What a message dies of when its push throws, or the sink asks for patience for too long. */
  failure: DeathReason;
  /** @param signal ends it early; what it then answers is not counted. */
  push(push: Push, signal: AbortSignal): Promise<PushResult>;
  /** Ends connections. */
  close(): void;
}
