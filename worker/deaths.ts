import type { DeathReason } from "#lib/contracts/dead-letters.ts";
import { DEATH_ATTRIBUTES, REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import { deathIdOf } from "#lib/domain/ledger-text.ts";
import type { DeadLetterLedger, Death } from "#lib/gateways/dead-letter-ledger.ts";
import type { ReceivedMessage, SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { type Clock, systemClock, withDeadline } from "./clock.ts";
import { errorText, type OnDeadLetterEvent, safely } from "./dead-letter-events.ts";

/** Most bytes of a message, attributes included (SQS quotas). */
const MESSAGE_BYTES = 1_048_576;
/** Longest one send to the DLQ may take, milliseconds; far below the visibility timeout. */
const SEND_TIMEOUT_MS = 5_000;

/** A message as a death needs to see it. */
export type DyingMessage = Pick<ReceivedMessage, "messageId" | "body" | "sentAt" | "attributes">;

export type Deaths = ReturnType<typeof createDeaths>;

/** The attributes of a dead letter: what the DLQ alone tells of it, should the ledger be lost. */
function deathAttributes(death: Death): Record<string, string> {
  return {
    [DEATH_ATTRIBUTES.deathId]: death.id,
    [DEATH_ATTRIBUTES.reason]: death.reason,
    [DEATH_ATTRIBUTES.attempts]: String(death.attempts),
    [DEATH_ATTRIBUTES.worker]: death.worker,
    [DEATH_ATTRIBUTES.firstFailedAt]: death.firstFailedAt.toISOString(),
    [DEATH_ATTRIBUTES.lastFailedAt]: death.lastFailedAt.toISOString(),
  };
}

/**
 * None for a body that leaves no room for them: it must not hold up its group for that. The group names the death, and
 * the ledger knows the rest.
 */
function attributesThatFit(death: Death, body: string): { attributes?: Record<string, string> } {
  const attributes = deathAttributes(death);
  const bytes = Object.entries(attributes).reduce((sum, [name, value]) => sum + Buffer.byteLength(`${name}String${value}`), Buffer.byteLength(body));
  return bytes <= MESSAGE_BYTES ? { attributes } : {};
}

/**
 * The dying of messages. Steps, each survived by a kill before and after it:
 * 1. decide: the death row, once. From here on whoever receives the message completes the death.
 * 2. send to the DLQ under the death's own group and deduplication id: a second send within 5 minutes is swallowed;
 *    a later one makes a second copy, which the sweeper removes.
 * 3. record the copy's MessageId.
 * 4. the caller deletes the message it received.
 */
export function createDeaths({
  ledger,
  deadLetterQueue,
  worker,
  onEvent,
  clock = systemClock,
}: {
  ledger: Pick<DeadLetterLedger, "decide" | "recordCopy" | "resolveStored">;
  deadLetterQueue: Pick<SqsQueue, "sendBatch">;
  worker: string;
  onEvent?: OnDeadLetterEvent;
  clock?: Clock;
}) {
  const emit = safely(onEvent);

  /** @returns "completed": the caller deletes the message; "unfinished": it leaves it, and it comes back. */
  async function complete(message: Pick<DyingMessage, "body">, death: Death): Promise<"completed" | "unfinished"> {
    // A resolved death needs no dead letter any more; a recorded copy is there already.
    if (death.status !== "open" || death.dlqMessageId !== null) return "completed";
    try {
      const copy = { groupId: death.id, deduplicationId: death.id, body: message.body, ...attributesThatFit(death, message.body) };
      const [result] = await withDeadline({ clock, ms: SEND_TIMEOUT_MS, what: "a send to the dead-letter queue" }, (signal) =>
        deadLetterQueue.sendBatch([copy], { signal }),
      );
      if (result === undefined || !result.ok) {
        emit({ event: "death.unfinished", deathId: death.id, error: result === undefined ? "no answer" : `${result.code}: ${result.message}` });
        return "unfinished";
      }
      await ledger.recordCopy({ id: death.id, dlqMessageId: result.messageId });
      emit({ event: "death.sent", deathId: death.id, dlqMessageId: result.messageId });
      return "completed";
    } catch (cause) {
      emit({ event: "death.unfinished", deathId: death.id, error: errorText(cause) });
      return "unfinished";
    }
  }

  /** Decides and reports; @throws when Postgres is away, and then nothing has died. */
  async function decide(message: DyingMessage, { reason, error, attempts }: { reason: DeathReason; error: string; attempts: number }): Promise<Death> {
    const { death, decidedNow } = await ledger.decide({
      messageId: message.messageId,
      body: message.body,
      sentAt: message.sentAt,
      reason,
      error,
      attempts,
      worker,
      redrivenFrom: deathIdOf(message.attributes[REDRIVE_DEATH_ATTRIBUTE]),
    });
    if (decidedNow) emit({ event: "death.decided", deathId: death.id, messageId: death.messageId, reason, attempts: death.attempts });
    return death;
  }

  return {
    complete,

    /**
     * Lets a message die, or completes the death another worker decided.
     * @returns "completed": delete the message; "unfinished": leave it. Postgres away is "unfinished" too.
     */
    async die(message: DyingMessage, cause: { reason: DeathReason; error: string; attempts: number }): Promise<"completed" | "unfinished"> {
      let death: Death;
      try {
        death = await decide(message, cause);
      } catch (failure) {
        emit({ event: "duty.failed", duty: "death", error: errorText(failure) });
        return "unfinished";
      }
      return complete(message, death);
    },

    /**
     * After a redriven message is stored and before its ack: its death is resolved and its run's item too.
     * @param deathId the message's REDRIVE_DEATH_ATTRIBUTE; one that is no death id is left alone.
     * @throws when Postgres is away: the caller does not ack, the message comes back and is stored again.
     */
    async resolveRedriven({ deathId, outcome }: { deathId: string; outcome: "stored" }): Promise<"resolved" | "unchanged"> {
      const id = deathIdOf(deathId);
      if (id === null) return "unchanged";
      const result = await ledger.resolveStored(id);
      if (result === "resolved") emit({ event: "redrive.resolved", deathId: id, outcome });
      return result;
    },
  };
}
