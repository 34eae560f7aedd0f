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
  /** Each a part of one lane, in order, that shares a call: of two calls under way the later one may come first. */
  let pending: PendingAck[][] = [];
  let cancelLinger: (() => void) | null = null;
  /** Messages whose visibility is being changed: resolves once that call has its answer. */
  const changing = new Map<Held, Promise<void>>();

  /** @returns why each entry failed; an entry that is not in it is deleted. */
  async function deleteOnce(handles: readonly string[]): Promise<Map<number, string>> {
    try {
      return await withDeadline({ clock, ms: CALL_TIMEOUT_MS, what: "an ack" }, (signal) => queue.deleteBatch(handles, { signal }));
    } catch (thrown) {
      return new Map(handles.map((_, position) => [position, errorText(thrown)]));
    }
  }

  async function flush(first: readonly PendingAck[]): Promise<void> {
    let batch = first;
    let retryMs = RETRY_MS;
    while (batch.length > 0) {
      const handles = batch.map(({ held }) => held.message.receiptHandle);
      const failed = await deleteOnce(handles);
      // A redelivery that came meanwhile brought a new handle, and SQS says yes to the old one without deleting anything.
      const stale = batch.filter(({ held }, position) => held.message.receiptHandle !== handles[position]);
      const done = batch.filter((entry, position) => !failed.has(position) && !stale.includes(entry));
      if (done.length > 0) emit({ event: "acked", messageIds: messageIds(done.map(({ held }) => held)) });
      const nowMs = clock.monotonic();
      for (const { held, settle } of done) {
        held.surelyDeleted = held.visibleUntilMs > nowMs;
        settle(true);
      }
      const left = batch.flatMap((entry, position) => (failed.has(position) && !stale.includes(entry) ? [{ entry, error: failed.get(position) ?? "" }] : []));
      if (left.length === 0) {
        batch = stale;
        continue;
      }
      emit({ event: "ack_failed", messageIds: messageIds(left.map(({ entry }) => entry.held)), error: left[0]?.error ?? "" });
      await sleep(clock, retryMs);
      retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      // The handle is good for as long as the message is hidden; after that it may delete nothing, or too much.
      const valid = left.filter(({ entry, error }) => !error.includes("ReceiptHandle") && entry.held.visibleUntilMs > clock.monotonic());
      for (const one of left) if (!valid.includes(one)) one.entry.settle(false);
      batch = [...stale, ...valid.map(({ entry }) => entry)];
    }
  }

  function flushPending(): void {
    cancelLinger?.();
    cancelLinger = null;
    const batches: PendingAck[][] = [];
    for (const part of pending) {
      const last = batches.at(-1);
      if (last && last.length + part.length <= SQS_BATCH_ENTRIES) last.push(...part);
      else batches.push(part.slice());
    }
    pending = [];
    for (const batch of batches) void flush(batch);
  }

  /** @returns those that could not be deleted. */
  async function deletePart(part: readonly Held[]): Promise<Held[]> {
    const entries: PendingAck[] = [];
    const results = part.map((held) => new Promise<boolean>((settle) => entries.push({ held, settle })));
    pending.push(entries);
    if (pending.reduce((sum, { length }) => sum + length, 0) >= SQS_BATCH_ENTRIES) flushPending();
    else cancelLinger ??= clock.setTimer(flushPending, ACK_LINGER_MS);
    const acked = await Promise.all(results);
    return part.filter((_, position) => !acked[position]);
  }

  /**
   * Sets visibility, retrying what fails. A message's changes never overtake each other: the later one waits for the
   * one under way, whose effect would otherwise come last.
   * @param wanted asked before each try: a message that the worker no longer holds must not be hidden any longer.
   * @returns the messages for which it was changed.
   */
  async function changeVisibility(held: readonly Held[], visibilitySeconds: number, wanted: (held: Held) => boolean = () => true): Promise<Held[]> {
    const changed = await Promise.all(chunks(held).map((chunk) => changeChunk(chunk, visibilitySeconds, wanted)));
    return changed.flat();
  }

  async function changeChunk(chunk: readonly Held[], visibilitySeconds: number, wanted: (held: Held) => boolean): Promise<Held[]> {
    const changed: Held[] = [];
    let left = chunk;
    let error = "";
    for (let tries = 0; tries <= VISIBILITY_RETRIES && left.length > 0; tries += 1) {
      if (tries > 0) await sleep(clock, RETRY_MS);
      // Again, once it has waited: another one may have waited beside it.
      while (left.some((one) => changing.has(one))) await Promise.all(left.flatMap((one) => changing.get(one) ?? []));
      const batch = left.filter(wanted);
      left = batch;
      if (batch.length === 0) break;
      const startedMs = clock.monotonic();
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      for (const one of batch) changing.set(one, over);
      try {
        const failed = await withDeadline({ clock, ms: CALL_TIMEOUT_MS, what: "a change of visibility" }, (signal) =>
          queue.changeVisibilityBatch(
            batch.map((one) => ({ receiptHandle: one.message.receiptHandle, visibilitySeconds })),
            { signal },
          ),
        );
        error = failed.values().next().value ?? "";
        const done = batch.filter((_, position) => !failed.has(position));
        for (const one of done) one.visibleUntilMs = startedMs + visibilitySeconds * 1000;
        changed.push(...done);
        left = batch.filter((_, position) => failed.has(position));
      } catch (thrown) {
        error = errorText(thrown);
      } finally {
        for (const one of batch) changing.delete(one);
        end();
      }
    }
    left = left.filter(wanted);
    if (left.length > 0) emit({ event: "visibility_failed", messageIds: messageIds(left), error });
    return changed;
  }

  return {
    /**
     * Deletes stored messages of one lane, in order: where one cannot be deleted, what follows it is not.
     * @returns those that were not deleted while their handles were good.
     */
    async ack(held: readonly Held[]): Promise<Held[]> {
      for (const [position, part] of chunks(held).entries()) {
        const failed = await deletePart(part);
        if (failed.length > 0) return [...failed, ...held.slice((position + 1) * SQS_BATCH_ENTRIES)];
      }
      return [];
    },

    changeVisibility,
  };
}
