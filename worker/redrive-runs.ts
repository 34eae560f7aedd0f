import { REDRIVE_DEATH_ATTRIBUTE } from "#lib/contracts/message.ts";
import { redriveDeduplicationId } from "#lib/domain/activity-key.ts";
import type { PendingItem, RedriveRuns } from "#lib/gateways/redrive-runs.ts";
import { SQS_BATCH_ENTRIES, type SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { type Clock, systemClock, withDeadline } from "./clock.ts";
import { errorText, type OnDeadLetterEvent, safely } from "./dead-letter-events.ts";
import { pause } from "./leader.ts";

/** How often Postgres is asked for items when there were none, milliseconds. */
const IDLE_MS = 1_000;
/** Longest pause after failures, milliseconds. */
const BACKOFF_MAX_MS = 30_000;
/** Longest one send may take, milliseconds. */
const SEND_TIMEOUT_MS = 10_000;
/** Bytes of bodies in one call: under SQS's 1 MiB, with room for ids and attributes. */
const BATCH_BYTES = 900 * 1024;
/** How long an item is left out that SQS refuses for what it is, milliseconds: the others must not wait behind it. */
const REFUSED_PAUSE_MS = 600_000;
/** Items left out at once; past it the oldest is tried again. */
const MOST_LEFT_OUT = 1_000;
/** Errors of a whole call that lie in its content (SQS API reference); all else passes by itself. */
const CONTENT_ERRORS: ReadonlySet<string> = new Set(["BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue"]);

const groupOf = (item: PendingItem) => item.userHash ?? item.deathId;

/**
 * The head of the pending items that may share a call: no two of a group, since SQS may refuse an earlier entry and
 * take a later one, and no more bytes than a call carries.
 */
export function nextBatch(items: readonly PendingItem[]): PendingItem[] {
  const groups = new Set<string>();
  const batch: PendingItem[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += Buffer.byteLength(item.body);
    if (groups.has(groupOf(item)) || (batch.length > 0 && bytes > BATCH_BYTES)) break;
    groups.add(groupOf(item));
    batch.push(item);
  }
  return batch;
}

/**
 * The job that sends redrive runs; a leader's duty. A kill between send and note makes the item be sent again: within
 * 5 minutes SQS swallows it, later the activity is stored a second time as the same item. The dead letter stays in
 * the DLQ until its activity is stored, so a selected death is in the queue, the table or the DLQ at every moment.
 */
export function createRedriveJob({
  runs,
  queue,
  onEvent,
  idleMs = IDLE_MS,
  clock = systemClock,
}: {
  runs: Pick<RedriveRuns, "pending" | "markSent">;
  queue: Pick<SqsQueue, "sendBatch">;
  onEvent?: OnDeadLetterEvent;
  idleMs?: number;
  clock?: Clock;
}) {
  const emit = safely(onEvent);
  /** Items that SQS refuses for what they are, by death, and until when (monotonic milliseconds) they are left out. */
  const leftOut = new Map<string, number>();

  function leaveOut(item: PendingItem, error: string): void {
    leftOut.set(item.deathId, clock.monotonic() + REFUSED_PAUSE_MS);
    const [oldest] = leftOut.keys();
    if (leftOut.size > MOST_LEFT_OUT && oldest !== undefined) leftOut.delete(oldest);
    emit({ event: "redrive.refused", deathId: item.deathId, runId: item.runId, error });
  }

  async function nextItems(): Promise<PendingItem[]> {
    for (const [deathId, until] of leftOut) if (until <= clock.monotonic()) leftOut.delete(deathId);
    const items = await runs.pending({ limit: SQS_BATCH_ENTRIES + leftOut.size });
    return nextBatch(items.filter((item) => !leftOut.has(item.deathId)).slice(0, SQS_BATCH_ENTRIES));
  }

  /** Sends the next items. @returns how many were sent and how many SQS refused. @throws when a backend is away. */
  async function step(signal: AbortSignal): Promise<{ sent: number; refused: number }> {
    const batch = await nextItems();
    const [first] = batch;
    if (first === undefined) return { sent: 0, refused: 0 };
    const messages = batch.map((item) => ({
      groupId: groupOf(item),
      deduplicationId: redriveDeduplicationId(item.runId, item.deathId),
      body: item.body,
      attributes: { [REDRIVE_DEATH_ATTRIBUTE]: item.deathId },
    }));
    const results = await withDeadline({ clock, ms: SEND_TIMEOUT_MS, what: "sending a redrive", parent: signal }, (inTime) =>
      queue.sendBatch(messages, { signal: inTime }),
    ).catch((cause: unknown) => {
      // A lone body of nearly 1 MiB has no room for the attribute, and no later try will find any.
      if (batch.length > 1 || !(cause instanceof Error && CONTENT_ERRORS.has(cause.name))) throw cause;
      leaveOut(first, `${cause.name}: ${cause.message}`);
      return null;
    });
    if (results === null) return { sent: 0, refused: 1 };
    const sent = batch.flatMap((item, position) => {
      const result = results[position];
      if (result?.ok === true) return [{ runId: item.runId, deathId: item.deathId, messageId: result.messageId }];
      const error = result === undefined ? "SQS named no result" : `${result.code}: ${result.message}`;
      if (result?.senderFault === true) leaveOut(item, error);
      else emit({ event: "redrive.refused", deathId: item.deathId, runId: item.runId, error });
      return [];
    });
    await runs.markSent(sent);
    if (sent.length > 0) emit({ event: "redrive.sent", items: sent.length });
    return { sent: sent.length, refused: batch.length - sent.length };
  }

  return {
    step,

    /** Sends whatever is pending until the signal aborts. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      let failures = 0;
      while (!signal.aborted) {
        try {
          const { sent, refused } = await step(signal);
          failures = refused > 0 ? failures + 1 : 0;
          if (sent === 0 && refused === 0) await pause(idleMs, signal, clock);
        } catch (cause) {
          if (signal.aborted) return;
          failures += 1;
          emit({ event: "duty.failed", duty: "redrive", error: errorText(cause) });
        }
        if (failures > 0) await pause(Math.min(BACKOFF_MAX_MS, 500 * 2 ** Math.min(failures, 6)), signal, clock);
      }
    },
  };
}
