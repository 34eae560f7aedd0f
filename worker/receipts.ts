import { SQS_BATCH_ENTRIES, type SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { type Clock, sleep, withDeadline } from "./clock.ts";
import { type Emit, errorText } from "./events.ts";
import { type Held, messageIds } from "./lanes.ts";

/** Longest wait for one call that deletes or changes visibility. */
const CALL_TIMEOUT_MS = 5_000;
/** How long acks wait for company, so that one call carries up to ten. */
const ACK_LINGER_MS = 10;
const RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;
/** An answer that comes after this many retries is no use: the visibility runs on. */
const VISIBILITY_RETRIES = 2;

interface PendingAck {
  held: Held;
  settle: (acked: boolean) => void;
}

export type Receipts = ReturnType<typeof createReceipts>;

function chunks<T>(all: readonly T[]): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < all.length; at += SQS_BATCH_ENTRIES) out.push(all.slice(at, at + SQS_BATCH_ENTRIES));
  return out;
}

/** What is told to SQS by receipt handle: deletes, and changes of visibility. */
export function createReceipts({
  queue,
  clock,
  emit,
}: {
  queue: Pick<SqsQueue, "deleteBatch" | "changeVisibilityBatch">;
  clock: Clock;
  emit: Emit;
}) {
  let pending: PendingAck[] = [];
  let cancelLinger: (() => void) | null = null;

  /** @returns why each entry failed; an entry that is not in it is deleted. */
  async function deleteOnce(batch: readonly PendingAck[]): Promise<Map<number, string>> {
    try {
      return await withDeadline({ clock, ms: CALL_TIMEOUT_MS, what: "an ack" }, (signal) =>
        queue.deleteBatch(
          batch.map(({ held }) => held.message.receiptHandle),
          { signal },
        ),
      );
    } catch (thrown) {
      return new Map(batch.map((_, position) => [position, errorText(thrown)]));
    }
  }

  async function flush(first: readonly PendingAck[]): Promise<void> {
    let batch = first;
    let retryMs = RETRY_MS;
    while (batch.length > 0) {
      const failed = await deleteOnce(batch);
      const done = batch.filter((_, position) => !failed.has(position));
      if (done.length > 0) emit({ event: "acked", messageIds: messageIds(done.map(({ held }) => held)) });
      for (const { settle } of done) settle(true);
      const left = batch.flatMap((entry, position) => (failed.has(position) ? [{ entry, error: failed.get(position) ?? "" }] : []));
      if (left.length === 0) return;
      emit({ event: "ack_failed", messageIds: messageIds(left.map(({ entry }) => entry.held)), error: left[0]?.error ?? "" });
      await sleep(clock, retryMs);
      retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      // The handle is good for as long as the message is hidden; after that it may delete nothing, or too much.
      const valid = left.filter(({ entry, error }) => !error.includes("ReceiptHandle") && entry.held.visibleUntilMs > clock.monotonic());
      for (const one of left) if (!valid.includes(one)) one.entry.settle(false);
      batch = valid.map(({ entry }) => entry);
    }
  }

  function flushPending(): void {
    cancelLinger?.();
    cancelLinger = null;
    const batches = chunks(pending);
    pending = [];
    for (const batch of batches) void flush(batch);
  }

  /** Sets visibility, retrying what fails. @returns the messages for which it failed for good. */
  async function changeVisibility(held: readonly Held[], visibilitySeconds: number): Promise<Held[]> {
    const failedForGood = await Promise.all(
      chunks(held).map(async (chunk) => {
        let left = chunk;
        let error = "";
        for (let attempt = 0; attempt <= VISIBILITY_RETRIES && left.length > 0; attempt += 1) {
          if (attempt > 0) await sleep(clock, RETRY_MS);
          const startedMs = clock.monotonic();
          try {
            const failed = await withDeadline({ clock, ms: CALL_TIMEOUT_MS, what: "a change of visibility" }, (signal) =>
              queue.changeVisibilityBatch(
                left.map((one) => ({ receiptHandle: one.message.receiptHandle, visibilitySeconds })),
                { signal },
              ),
            );
            error = failed.values().next().value ?? "";
            for (const [position, one] of left.entries()) if (!failed.has(position)) one.visibleUntilMs = startedMs + visibilitySeconds * 1000;
            left = left.filter((_, position) => failed.has(position));
          } catch (thrown) {
            error = errorText(thrown);
          }
        }
        if (left.length > 0) emit({ event: "visibility_failed", messageIds: messageIds(left), error });
        return left;
      }),
    );
    return failedForGood.flat();
  }

  return {
    /**
     * Deletes stored messages. @returns those that could not be deleted while their handles were good.
     */
    async ack(held: readonly Held[]): Promise<Held[]> {
      const results = held.map((one) => new Promise<boolean>((settle) => pending.push({ held: one, settle })));
      if (pending.length >= SQS_BATCH_ENTRIES) flushPending();
      else cancelLinger ??= clock.setTimer(flushPending, ACK_LINGER_MS);
      const acked = await Promise.all(results);
      return held.filter((_, position) => !acked[position]);
    },

    changeVisibility,
  };
}
