import { LEASE_LEAD_MS } from "#lib/domain/drain-rate.ts";
import type { Batch } from "./batch.ts";
import { sleepUntil, withDeadline } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText } from "./events.ts";
import { type Held, type Lane, messageIds } from "./lanes.ts";
import type { Outcomes } from "./outcomes.ts";
import { storeBatch, type StoreResult } from "./store.ts";

/** How much faster than the rate late batches go out. */
const CATCH_UP = 1.03;
/** A batch this much later than its lease's start, as after a stop of the process, gives the lease up. */
const LATE_AT_MOST_MS = 1_000;
/** What a store leaves of the visibility, at least, for its ack. */
const ACK_MARGIN_MS = 1_000;

/** What was leased for a batch. */
export interface Leased {
  /** Monotonic ms. */
  startAtMs: number;
  leasedWriteUnits: number;
}

export const writeOf = ({ costWriteUnits, puts }: Batch) => ({ writeUnits: costWriteUnits, items: puts.length });

export type BatchRun = ReturnType<typeof createBatchRun>;

/** Stores leased batches at their start, accounts for what they consumed, and acts on what became of each message. */
export function createBatchRun(core: Core, outcomes: Outcomes) {
  const { clock, config, emit, lanes, leaser, samples, outage, cutOff } = core;
  let nextSlotMs = 0;
  /** Lanes whose last lease was given up for being late. */
  const gaveUp = new WeakSet<Lane>();

  /** Whether a store that starts now leaves the visibility time for its ack. */
  const longEnough = (visibleUntilMs: number) => visibleUntilMs - clock.monotonic() > config.storeTimeoutMs + ACK_MARGIN_MS;

  /**
   * After a stall several batches are late at once: they go out at little more than the rate, not in a heap.
   * @returns when this one may go, monotonic ms.
   */
  function slot(costWriteUnits: number): number {
    const { effectiveWcuPerSecond } = leaser.rate();
    const nowMs = clock.monotonic();
    // No longer than what may be leased ahead: a lower rate of before must not hold up a raised one.
    const atMs = Math.max(nowMs, Math.min(nextSlotMs, nowMs + 2 * LEASE_LEAD_MS));
    nextSlotMs = effectiveWcuPerSecond > 0 ? atMs + (costWriteUnits / (effectiveWcuPerSecond * CATCH_UP)) * 1000 : atMs;
    return atMs;
  }

  /** Stores a batch whose lanes are claimed, and acts on what became of each message. */
  async function run(chosen: Batch, leased: Leased, isAlone: boolean): Promise<void> {
    const owned = new Set(chosen.parts.map(({ lane }) => lane));
    try {
      await store(chosen, leased, isAlone, owned);
    } catch (thrown) {
      // Our own fault: nothing is acked, and the queue's timeout brings the lanes back.
      for (const lane of owned) lanes.drop(lane);
      throw thrown;
    }
  }

  /** @param owned the lanes that are still to be dealt with; each leaves it when it is given back or settled. */
  async function store(chosen: Batch, { startAtMs, leasedWriteUnits }: Leased, isAlone: boolean, owned: Set<Lane>): Promise<void> {
    await sleepUntil(clock, startAtMs, cutOff.signal);
    await sleepUntil(clock, slot(leasedWriteUnits), cutOff.signal);
    // Others have had the rate meanwhile: what a late one was granted is lost, and asked for anew. Late again goes: on a
    // machine that is always late nothing else would ever be stored.
    const late = clock.monotonic() - startAtMs > LATE_AT_MOST_MS && !chosen.parts.every(({ lane }) => gaveUp.has(lane));
    if (leaser.halted() || late) {
      for (const { lane, held } of chosen.parts) {
        if (late) gaveUp.add(lane);
        if (isAlone) await outcomes.restart(held);
        owned.delete(lane);
        lanes.giveBack(lane);
      }
      return;
    }
    for (const { lane } of chosen.parts) gaveUp.delete(lane);
    // A pause of the whole process, or a slow start, may have used the visibility up: others may hold these by now.
    const short = chosen.parts.filter(({ held }) => !held.every((one) => longEnough(one.visibleUntilMs)));
    for (const { lane, held } of short) {
      if (isAlone) await outcomes.restart(held);
      owned.delete(lane);
      outcomes.putBack(lane, true);
    }
    const parts = chosen.parts.filter((part) => !short.includes(part));
    const kept = chooseKept(chosen, new Set(parts.flatMap(({ held }) => held)));
    if (parts.length === 0 || cutOff.signal.aborted) {
      owned.clear();
      for (const { lane } of parts) lanes.giveBack(lane);
      leaser.settle({ leasedWriteUnits, consumedWriteUnits: 0 });
      return;
    }
    const ids = parts.flatMap(({ held }) => messageIds(held));
    const storedAt = new Date(clock.now()).toISOString();
    emit({ event: "storing", messageIds: ids, writeUnits: kept.costWriteUnits, alone: isAlone });
    core.underWay.writeUnits += kept.costWriteUnits;
    const begunMs = clock.monotonic();
    const result = await storeInTime(kept, storedAt);
    core.underWay.writeUnits -= kept.costWriteUnits;
    account(leasedWriteUnits, result, kept);
    const stored = parts.flatMap(({ held }) => held.filter((one) => outcomeOf(result, kept, one).kind === "stored"));
    samples.count("stored", stored.length);
    if (stored.length > 0) emit({ event: "stored", messageIds: messageIds(stored), writeUnits: result.consumedWriteUnits ?? kept.costWriteUnits });
    await report(result, kept, begunMs);
    // Put off after a lone handling: its next one starts afresh, since this mark would be read as a killed process.
    if (isAlone && stored.length === 0) await outcomes.restart(parts.flatMap(({ held }) => held));
    owned.clear(); // from here on each lane has an end of its own
    await Promise.all(
      parts.map(async (part) => {
        try {
          await outcomes.settle(part, (held) => outcomeOf(result, kept, held), isAlone);
        } catch (thrown) {
          // Our own fault: nothing is acked, and the queue's timeout brings the lane back.
          emit({ event: "fault", where: "settle", error: errorText(thrown) });
          lanes.drop(part.lane);
        }
      }),
    );
  }

  async function storeInTime(batch: Batch, storedAt: string): Promise<StoreResult> {
    const groupOf = new Map<number, string>();
    for (const { lane, held } of batch.parts) for (const one of held) groupOf.set(batch.putOf.get(one) ?? -1, lane.groupId);
    const puts = batch.puts.map(({ item }, position) => ({ item: { ...item, storedAt }, groupId: groupOf.get(position) ?? "" }));
    try {
      // The answer of a store that ends in time; what was cut off midway is told apart inside.
      const answer = await withDeadline({ clock, ms: config.storeTimeoutMs + ACK_MARGIN_MS / 2, what: "a store" }, async (hard) => {
        // Not AbortSignal.any: each one stays tied to the signals it came from until the next full collection.
        const soft = new AbortController();
        const abort = () => soft.abort();
        const cancel = clock.setTimer(abort, config.storeTimeoutMs);
        hard.addEventListener("abort", abort, { once: true });
        cutOff.signal.addEventListener("abort", abort, { once: true });
        if (cutOff.signal.aborted) abort();
        try {
          return await storeBatch({ table: core.table, puts, signal: soft.signal, halted: leaser.halted });
        } finally {
          cancel();
          cutOff.signal.removeEventListener("abort", abort);
        }
      });
      return answer;
    } catch (thrown) {
      return { outcomes: puts.map(() => ({ kind: "unknown", error: errorText(thrown) })), consumedWriteUnits: null, unprocessed: [] };
    }
  }

  /** Write units into the samples and the next lease. */
  function account(leasedWriteUnits: number, result: StoreResult, batch: Batch): void {
    const consumed = result.consumedWriteUnits;
    samples.count("writeUnits", consumed ?? 0);
    core.throughput.count((consumed ?? 0) / leaser.timesSize());
    // An unknown store may have consumed all of its lease; what a throttle gave back is not claimed again.
    const throttled = result.outcomes.some(({ kind }) => kind === "throttled");
    const write = writeOf(batch);
    const used = consumed === null || throttled ? Math.max(consumed ?? 0, leaser.costOf(write)) : consumed;
    leaser.settle({ leasedWriteUnits, consumedWriteUnits: used });
    if (consumed !== null && result.outcomes.every(({ kind }) => kind === "stored")) leaser.learn({ ...write, chargedWriteUnits: consumed });
  }

  /** Tells the drain row of throttles and the outage of failures. */
  async function report(result: StoreResult, batch: Batch, begunMs: number): Promise<void> {
    if (result.unprocessed.length > 0) {
      const ids = batch.parts.flatMap(({ held }) => messageIds(held.filter((one) => result.unprocessed.includes(batch.putOf.get(one) ?? -1))));
      emit({ event: "unprocessed", messageIds: ids });
    }
    const kinds = new Set(result.outcomes.map(({ kind }) => kind));
    const first = <K extends string>(kind: K) => result.outcomes.find((one): one is Extract<typeof one, { kind: K }> => one.kind === kind);
    const unavailable = first("unavailable");
    const unknown = first("unknown");
    if (kinds.has("stored") || kinds.has("rejected") || kinds.has("throttled")) outage.answered();
    else if (unavailable || unknown) {
      const retryInMs = outage.failed(begunMs);
      emit({ event: "table_unavailable", error: unavailable?.error ?? unknown?.error ?? "", retryInMs });
    }
    if (unknown) {
      const ids = batch.parts.flatMap(({ held }) => messageIds(held.filter((one) => outcomeOf(result, batch, one).kind === "unknown")));
      emit({ event: "store_unknown", messageIds: ids, error: unknown.error });
    }
    const throttles = result.outcomes.filter((one) => one.kind === "throttled");
    if (throttles.length === 0) return;
    samples.count("throttles", throttles.length);
    const tableThrottle = throttles.find((one) => one.scope === "table");
    let cut = false;
    if (tableThrottle) {
      cut = await core.drain.throttled().catch((thrown: unknown) => {
        leaser.unreachable(thrown);
        return false;
      });
    }
    const named = tableThrottle ?? throttles[0];
    if (named) emit({ event: "throttled", scope: named.scope, groupId: batch.parts[0]?.lane.groupId ?? "", cut, error: named.error });
  }

  return { run, longEnough };
}

function outcomeOf(result: StoreResult, batch: Batch, held: Held) {
  return result.outcomes[batch.putOf.get(held) ?? -1] ?? ({ kind: "not_tried" } as const);
}

/** The batch without the messages that are not kept; puts shared with a kept one stay. */
function chooseKept(batch: Batch, kept: ReadonlySet<Held>): Batch {
  if (kept.size === batch.putOf.size) return batch;
  const lanes = batch.parts.map((part) => ({ lane: part.lane, held: part.held.filter((one) => kept.has(one)) })).filter(({ held }) => held.length > 0);
  const used = Array.from(new Set(lanes.flatMap(({ held }) => held.map((one) => batch.putOf.get(one) ?? -1)))).toSorted((a, b) => a - b);
  const puts = used.flatMap((position) => batch.puts[position] ?? []);
  const putOf = new Map(lanes.flatMap(({ held }) => held.map((one) => [one, used.indexOf(batch.putOf.get(one) ?? -1)] as const)));
  return { parts: lanes, puts, putOf, costWriteUnits: puts.reduce((sum, put) => sum + put.costWriteUnits, 0) };
}
