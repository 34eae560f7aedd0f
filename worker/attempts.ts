import type { Attempt, DeathReason } from "#lib/contracts/dead-letters.ts";
import type { DeadLetterLedger, Death } from "#lib/gateways/dead-letter-ledger.ts";
import type { FailedMessage, FailingMessages } from "#lib/gateways/failing-messages.ts";

/**
 * Marks from which a message is handled alone: the first handling leaves none, the second one leaves one, so two
 * marks mean that its process ended twice without a word.
 */
const ALONE_FROM_MARKS = 2;

/** What is known of a redelivered message once its handling has left its mark. */
export interface Started {
  /** Marks on it, this one included. */
  marks: number;
  /** Handle it with nothing else in the process. */
  alone: boolean;
  /** Attempts counted so far. */
  attempts: number;
  /** "die": its attempts are used up (found by the mark, or counted before a kill); do not handle it. */
  decision: "handle" | "die";
  /** Its last counted attempt: reason and error to die of. */
  last: Attempt | null;
}

export type Attempts = ReturnType<typeof createAttempts>;

/**
 * Counts the attempts of messages by their SQS MessageId. Every method throws when Postgres is away; the caller
 * then neither counts nor dead-letters, and the message comes back.
 *
 * @param allowedAttempts failures a message may have before it dies.
 */
export function createAttempts({
  failing,
  ledger,
  worker,
  allowedAttempts,
}: {
  failing: FailingMessages;
  ledger: Pick<DeadLetterLedger, "deathsOf">;
  worker: string;
  allowedAttempts: number;
}) {
  return {
    /**
     * Marks found on messages, for those that have one: with one there already, the mark that the next handling
     * leaves is the second, and that handling runs alone.
     */
    marksOf: (messageIds: readonly string[]): Promise<Map<string, number>> => failing.marksOf(messageIds),

    /**
     * Leaves a mark before a message with a receive count above 1 is handled. `clear`, `unmark` or `failed` must
     * follow, however the handling ends; only a killed process leaves it.
     */
    async startMark(message: FailedMessage): Promise<Started> {
      const started = await failing.start(message, { worker, aloneFromMarks: ALONE_FROM_MARKS });
      return { ...started, decision: started.attempts >= allowedAttempts ? "die" : "handle" };
    },

    /** Forgets messages that were stored. */
    clear: (messageIds: readonly string[]): Promise<void> => failing.clear(messageIds),

    /** Takes the marks away of handlings that ended uncounted: throttled, released, stopped. */
    unmark: (messageIds: readonly string[]): Promise<void> => failing.unmark(messageIds),

    /**
     * Notes a failed handling. What cannot be parsed dies at once, all else after the allowed attempts.
     * @param countsAsAttempt false takes only the mark away.
     */
    async failed(
      message: FailedMessage,
      { reason, error, countsAsAttempt }: { reason: DeathReason; error: string; countsAsAttempt: boolean },
    ): Promise<{ attempts: number; decision: "retry" | "die" }> {
      if (!countsAsAttempt) {
        const attempts = await failing.attempts(message.messageId);
        await failing.unmark([message.messageId]);
        return { attempts, decision: "retry" };
      }
      const counted = await failing.fail(message, { worker, reason, error });
      // Dead already, by another worker's hand: whoever asks again completes that death.
      if (counted === null) return { attempts: allowedAttempts, decision: "die" };
      const dies = reason === "malformed" || counted.attempts >= allowedAttempts;
      return { attempts: counted.attempts, decision: dies ? "die" : "retry" };
    },

    /** Deaths among the given messages: these are completed, not handled. */
    deathOf: (messageIds: readonly string[]): Promise<Map<string, Death>> => ledger.deathsOf(messageIds),
  };
}
