import { randomUUID } from "node:crypto";
import { DEATH_REASONS } from "#lib/contracts/dead-letters.ts";
import { DEATH_ATTRIBUTES } from "#lib/contracts/message.ts";
import { deathIdOf } from "#lib/domain/ledger-text.ts";
import type { DeadLetterLedger, Death, FoundDeath } from "#lib/gateways/dead-letter-ledger.ts";
import { type ReceivedMessage, SQS_BATCH_ENTRIES, type SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { type Clock, systemClock, withDeadline } from "./clock.ts";
import { errorText, type OnDeadLetterEvent, safely } from "./dead-letter-events.ts";
import type { Deaths } from "./deaths.ts";
import { pause } from "./leader.ts";

/** Copies a walk holds at most; SQS keeps 120,000 in flight and looks no further in a FIFO queue. */
const WALK_COPIES = 100_000;
/** Bounds of how long a walk hides a copy, seconds: a sweeper killed on its walk hides them that long. */
const HIDE_SECONDS = { min: 60, max: 900 } as const;
/** Deaths read from Postgres at once. */
const LEDGER_CHUNK = 500;
/** Longest one call to SQS may take, milliseconds. */
const CALL_TIMEOUT_MS = 10_000;
/** Longest that a stopping worker goes on releasing, milliseconds. */
const STOP_RELEASE_MS = 3_000;
/** Long poll of a receive: it asks every server of the queue, where the empty answer of a short poll proves nothing. */
const WAIT_SECONDS = 1;
/** Calls per second of a walk: SQS takes 300 of each kind from a FIFO queue without high throughput. */
const CALLS_PER_SECOND = 50;

/** What a walk uses of the ledger. */
export type WalkedLedger = Pick<DeadLetterLedger, "byIds" | "file" | "recordCopy" | "markSwept" | "markVanished">;

export interface WalkResult {
  seen: number;
  deleted: number;
  filed: number;
  /** Copies of open deaths, released untouched. */
  held: number;
  /** The walk reached the end of the queue. */
  whole: boolean;
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
}

/** Reads a dead letter's own attributes, for a ledger that does not know it. */
export function foundDeath(copy: ReceivedMessage, id: string): FoundDeath {
  const { attributes } = copy;
  const reason = DEATH_REASONS.find((known) => known === attributes[DEATH_ATTRIBUTES.reason]) ?? "handler_failed";
  const attempts = Number(attributes[DEATH_ATTRIBUTES.attempts]);
  const instant = (text: string | undefined) => {
    const date = new Date(text ?? "");
    return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999 ? copy.sentAt : date;
  };
  return {
    id,
    messageId: copy.messageId,
    body: copy.body,
    sentAt: copy.sentAt,
    reason,
    attempts: Number.isInteger(attempts) && attempts >= 0 && attempts < 2 ** 31 ? attempts : 0,
    worker: attributes[DEATH_ATTRIBUTES.worker] ?? "unknown",
    firstFailedAt: instant(attributes[DEATH_ATTRIBUTES.firstFailedAt]),
    lastFailedAt: instant(attributes[DEATH_ATTRIBUTES.lastFailedAt]),
  };
}

/**
 * One walk through the DLQ: receives every copy once, holding each hidden until the end, and then releases what it
 * leaves there. A copy is deleted only when its death is resolved, when it was filed under its own group, or when it
 * is a second copy of an open death whose recorded copy this walk holds in its hands.
 */
export function createDlqWalk({
  ledger,
  deaths,
  deadLetterQueue,
  onEvent,
  callsPerSecond = CALLS_PER_SECOND,
  waitSeconds = WAIT_SECONDS,
  clock = systemClock,
  uuid = randomUUID,
}: {
  ledger: WalkedLedger;
  deaths: Pick<Deaths, "die">;
  deadLetterQueue: Pick<SqsQueue, "receive" | "deleteBatch" | "changeVisibilityBatch" | "attributes">;
  onEvent?: OnDeadLetterEvent;
  callsPerSecond?: number;
  waitSeconds?: number;
  clock?: Clock;
  uuid?: () => string;
}) {
  const emit = safely(onEvent);
  const inTime = <T>(what: string, parent: AbortSignal | undefined, call: (cancel: { signal: AbortSignal }) => Promise<T>) =>
    withDeadline({ clock, ms: CALL_TIMEOUT_MS, what, parent }, (signal) => call({ signal }));
  const evenly = (signal: AbortSignal) => pause(1000 / callsPerSecond, signal, clock);

  /** Deletes copies. @returns those SQS says are deleted. */
  async function remove(copies: readonly ReceivedMessage[], signal: AbortSignal): Promise<ReceivedMessage[]> {
    const removed: ReceivedMessage[] = [];
    for (const batch of chunks(copies, SQS_BATCH_ENTRIES)) {
      const handles = batch.map((copy) => copy.receiptHandle);
      const failed = await inTime("a delete of dead letters", signal, (cancel) => deadLetterQueue.deleteBatch(handles, cancel));
      removed.push(...batch.filter((_, position) => !failed.has(position)));
      await evenly(signal);
    }
    return removed;
  }

  /** Shows copies again; what is not released in time, or refused, comes back by its own timeout. */
  async function release(copies: readonly ReceivedMessage[], signal: AbortSignal): Promise<void> {
    let stopBy = Number.POSITIVE_INFINITY;
    for (const batch of chunks(copies, SQS_BATCH_ENTRIES)) {
      if (signal.aborted) stopBy = Math.min(stopBy, clock.monotonic() + STOP_RELEASE_MS);
      if (clock.monotonic() > stopBy) return;
      const entries = batch.map((copy) => ({ receiptHandle: copy.receiptHandle, visibilitySeconds: 0 }));
      await inTime("a release of dead letters", undefined, (cancel) => deadLetterQueue.changeVisibilityBatch(entries, cancel));
      if (!signal.aborted) await evenly(signal);
    }
  }

  /** Files a dead letter that stands under its own group but that the ledger has lost. */
  async function fileLost(copy: ReceivedMessage, id: string): Promise<"filed" | "known"> {
    const found = foundDeath(copy, id);
    const filed = await ledger.file(found);
    if (filed === "filed") emit({ event: "sweep.filed", deathId: id, messageId: copy.messageId, reason: found.reason });
    return filed;
  }

  /** Files what SQS itself moved here, under its own group; "completed" = the message it came as can go. */
  function fileMoved(copy: ReceivedMessage): Promise<"completed" | "unfinished"> {
    const error = "SQS moved it to the dead-letter queue by itself: it was received more often than the queue allows";
    return deaths.die(copy, { reason: "native_backstop", error, attempts: 0 });
  }

  /** What to do with held copies, by their deaths as they stand now. */
  async function judge(held: ReadonlyMap<string, readonly ReceivedMessage[]>) {
    const resolved: { id: string; copies: readonly ReceivedMessage[] }[] = [];
    const stray: ReceivedMessage[] = [];
    const keep: ReceivedMessage[] = [];
    for (const ids of chunks([...held.keys()], LEDGER_CHUNK)) {
      const rows = await ledger.byIds(ids);
      for (const id of ids) {
        const copies = held.get(id) ?? [];
        const death: Death | undefined = rows.get(id);
        if (death !== undefined && death.status !== "open") {
          resolved.push({ id, copies });
          continue;
        }
        const recorded = copies.find((copy) => copy.messageId === death?.dlqMessageId);
        if (death !== undefined && death.dlqMessageId === null && copies[0] !== undefined) {
          await ledger.recordCopy({ id, dlqMessageId: copies[0].messageId });
        }
        for (const copy of copies) (recorded === undefined || copy === recorded ? keep : stray).push(copy);
      }
    }
    return { resolved, stray, keep };
  }

  /** @throws when a backend is away; what was held is released first, as far as SQS lets it. */
  return async function walk(signal: AbortSignal): Promise<WalkResult> {
    const { visible } = await inTime("a count of dead letters", signal, (cancel) => deadLetterQueue.attributes(cancel));
    const expectedSeconds = (3 * visible) / SQS_BATCH_ENTRIES / callsPerSecond;
    const hideSeconds = Math.ceil(Math.min(HIDE_SECONDS.max, Math.max(HIDE_SECONDS.min, 30 + 2 * expectedSeconds)));
    const endAt = clock.monotonic() + (hideSeconds * 1000) / 2;
    const result: WalkResult = { seen: 0, deleted: 0, filed: 0, held: 0, whole: false };
    let toRelease: ReceivedMessage[] = [];
    const held = new Map<string, ReceivedMessage[]>();
    /** Messages that could not be filed now: another walk does. */
    const unfiled: ReceivedMessage[] = [];

    /** A copy without attributes is the ledger's own where its group is a death's id: its body left no room for them. */
    async function bareDeaths(copies: readonly ReceivedMessage[]): Promise<ReadonlyMap<string, Death>> {
      const ids = copies.flatMap((copy) => (copy.attributes[DEATH_ATTRIBUTES.deathId] === undefined ? (deathIdOf(copy.groupId) ?? []) : []));
      return ids.length === 0 ? new Map() : await ledger.byIds(ids);
    }

    async function take(copies: readonly ReceivedMessage[]): Promise<void> {
      const own: [string, ReceivedMessage][] = [];
      const bare = await bareDeaths(copies);
      for (const copy of copies) {
        const id = deathIdOf(copy.attributes[DEATH_ATTRIBUTES.deathId]) ?? bare.get(copy.groupId)?.id ?? null;
        if (id !== null) own.push([id, copy]);
        else if ((await fileMoved(copy)) === "completed") {
          result.filed += 1;
          await remove([copy], signal);
        } else unfiled.push(copy);
      }
      const rows = await ledger.byIds(own.map(([id]) => id));
      const gone: { id: string; copies: ReceivedMessage[] }[] = [];
      for (const [id, copy] of own) {
        const death = rows.get(id);
        if (death === undefined && (await fileLost(copy, id)) === "filed") result.filed += 1;
        if (death !== undefined && death.status !== "open") gone.push({ id, copies: [copy] });
        else held.set(id, [...(held.get(id) ?? []), copy]);
      }
      await sweep(gone);
    }

    async function sweep(resolved: readonly { id: string; copies: readonly ReceivedMessage[] }[]): Promise<void> {
      if (resolved.length === 0) return;
      const removed = new Set(await remove(resolved.flatMap(({ copies }) => copies), signal));
      result.deleted += removed.size;
      await ledger.markSwept(resolved.filter(({ copies }) => copies.every((copy) => removed.has(copy))).map(({ id }) => id));
    }

    try {
      while (!signal.aborted && result.seen < WALK_COPIES && clock.monotonic() < endAt) {
        const request = { maxMessages: SQS_BATCH_ENTRIES, waitSeconds, visibilitySeconds: hideSeconds, attemptId: uuid() };
        // Not cut off by the stop: an answer under way hides copies, and only who has it can show them again.
        const copies = await inTime("a receive of dead letters", undefined, (cancel) => deadLetterQueue.receive(request, cancel));
        result.whole = copies.length === 0;
        if (result.whole) break;
        result.seen += copies.length;
        toRelease.push(...copies);
        await take(copies);
        await evenly(signal);
      }
      toRelease = [...held.values()].flat().concat(unfiled);
      // Deaths may have been resolved while the walk held their copies.
      const { resolved, stray, keep } = await judge(held);
      await sweep(resolved);
      result.deleted += (await remove(stray, signal)).length;
      result.held = keep.length;
      toRelease = keep.concat(unfiled);
    } finally {
      await release(toRelease, signal).catch((cause: unknown) => emit({ event: "duty.failed", duty: "sweeper.release", error: errorText(cause) }));
    }
    if (result.whole) await ledger.markVanished({ hiddenSeconds: HIDE_SECONDS.max });
    emit({ event: "sweep.walked", ...result });
    return result;
  };
}
