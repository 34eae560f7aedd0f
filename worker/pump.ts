import { LEASE_LEAD_MS } from "#lib/domain/drain-rate.ts";
import { TABLE_BATCH_ITEMS } from "#lib/gateways/activity-table.ts";
import type { Attend } from "./attend.ts";
import { type Batch, chooseBatches, needsAttention } from "./batch.ts";
import { sleep, sleepUntil, withDeadline } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText } from "./events.ts";
import { head, type Lane, messageIds } from "./lanes.ts";
import type { LeaseAnswer } from "./lease.ts";
import type { Outcomes } from "./outcomes.ts";
import { storeBatch, type StoreResult } from "./store.ts";

/** Batches under way at once: enough for 1,000 WCU/s against a table that takes a second to answer. */
const MAX_UNDER_WAY = 64;
/** Batches of one lease, where the rate is so high that its 40 ms hold more than one. */
const LEASED_TOGETHER = 4;
/** Longest wait after a refusal, so that a raised rate is obeyed at once. */
const MAX_REFUSAL_WAIT_MS = 250;
/** How much faster than the rate late batches go out. */
const CATCH_UP = 1.03;
/** A batch this much later than its lease's start, as after a stop of the process, gives the lease up. */
const LATE_AT_MOST_MS = 1_000;
/** What a store leaves of the visibility, at least, for its ack. */
const ACK_MARGIN_MS = 1_000;

/** What was leased for a batch. */
interface Leased {
  /** Monotonic ms. */
  startAtMs: number;
  leasedWriteUnits: number;
}

const writeOf = ({ costWriteUnits, puts }: Batch) => ({ writeUnits: costWriteUnits, items: puts.length });

export type Pump = ReturnType<typeof createPump>;

/**
 * The heart of the worker: chooses batches from the lanes, leases their exact cost, and stores them at their start.
 * The next lease is taken while the batches before it wait and write, so that none of the rate passes unused.
 */
export function createPump(core: Core, outcomes: Outcomes, attend: Attend) {
  const { clock, config, emit, lanes, leaser, samples, outage, changed, stopping, cutOff } = core;
  const underWay = new Set<Promise<void>>();
  /** Lanes whose head must be handled with nothing else in the process; claimed already. */
  const alone: Lane[] = [];
  let nextSlotMs = 0;
  /** Lanes whose last lease was given up for being late. */
  const gaveUp = new WeakSet<Lane>();

  function track(what: string, work: Promise<void>): void {
    const done = work
      .catch((thrown: unknown) => emit({ event: "fault", where: what, error: errorText(thrown) }))
      .finally(() => {
        underWay.delete(done);
        core.notify();
      });
    underWay.add(done);
  }

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
    const result = await storeInTime(kept, storedAt);
    core.underWay.writeUnits -= kept.costWriteUnits;
    account(leasedWriteUnits, result, kept);
    const stored = parts.flatMap(({ held }) => held.filter((one) => outcomeOf(result, kept, one).kind === "stored"));
    samples.count("stored", stored.length);
    if (stored.length > 0) emit({ event: "stored", messageIds: messageIds(stored), writeUnits: result.consumedWriteUnits ?? kept.costWriteUnits });
    await report(result, kept);
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
  async function report(result: StoreResult, batch: Batch): Promise<void> {
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
      const retryInMs = outage.failed();
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

  /** Leases for as long as it takes. @returns null when the worker stops meanwhile. */
  async function leaseAlone(leasedWriteUnits: number): Promise<Extract<LeaseAnswer, { granted: true }> | null> {
    while (!stopping.signal.aborted) {
      const answer = await leaser.lease(leasedWriteUnits);
      if (answer.granted) return answer;
      await sleep(clock, Math.min(answer.retryInMs, MAX_REFUSAL_WAIT_MS), stopping.signal);
    }
    return null;
  }

  async function handleAlone(lane: Lane): Promise<void> {
    const held = head(lane);
    if (!held) {
      outcomes.putBack(lane, false);
      return;
    }
    // Leased first: the mark must stand for the handling only, not for the wait.
    const leasedWriteUnits = leaser.costOf({ writeUnits: held.costWriteUnits, items: 1 });
    const lease = await leaseAlone(leasedWriteUnits);
    if (!lease) {
      lanes.giveBack(lane);
      return;
    }
    await sleepUntil(clock, lease.startAtMs, stopping.signal);
    if (!longEnough(held.visibleUntilMs)) {
      leaser.settle({ leasedWriteUnits, consumedWriteUnits: 0 });
      outcomes.putBack(lane, true);
      return;
    }
    if (!(await attend.startAlone(lane, held)) || held.item === null) {
      leaser.settle({ leasedWriteUnits, consumedWriteUnits: 0 });
      return;
    }
    const { item, costWriteUnits } = held;
    // Leaving the mark took its time, and nobody else's rate: the start counts from here.
    const leased = { startAtMs: clock.monotonic(), leasedWriteUnits };
    await run({ parts: [{ lane, held: [held] }], puts: [{ item, costWriteUnits }], putOf: new Map([[held, 0]]), costWriteUnits }, leased, true);
  }

  async function attendTo(lane: Lane): Promise<void> {
    try {
      if ((await attend.attend(lane)) === "alone") alone.push(lane);
    } catch (thrown) {
      if (lane.state === "busy") lanes.drop(lane); // as in `run`
      throw thrown;
    }
  }

  /** One turn. @returns whether there may be more to do at once. */
  async function turn(): Promise<boolean> {
    if (leaser.halted()) return false;
    const lone = alone[0];
    if (lone) {
      if (underWay.size > 0) return false;
      alone.shift();
      const handling = handleAlone(lone);
      track("alone", handling);
      await handling.catch(() => {});
      return true;
    }
    if (underWay.size >= (outage.active() ? 1 : MAX_UNDER_WAY) || outage.waiting()) return false;
    const ready = Array.from(firstReady(lanes.ready(clock.monotonic())));
    const odd = ready.filter(needsAttention);
    for (const lane of odd) {
      lanes.claim(lane);
      track("attend", attendTo(lane));
    }
    const batches = chooseBatches(
      ready.filter((lane) => lane.state === "idle"),
      { budgetWriteUnits: leaser.budget(), maxItems: TABLE_BATCH_ITEMS, maxBatches: outage.active() ? 1 : LEASED_TOGETHER },
    );
    if (batches.length === 0) return odd.length > 0;
    const costs = batches.map((batch) => leaser.costOf(writeOf(batch)));
    const lease = await leaser.lease(costs.reduce((sum, cost) => sum + cost, 0));
    if (!lease.granted) {
      await sleep(clock, Math.min(lease.retryInMs, MAX_REFUSAL_WAIT_MS), stopping.signal);
      return true;
    }
    // While the lease was asked for, a lane may have been let go, or the stop begun.
    let { startAtMs } = lease;
    for (const [position, batch] of batches.entries()) {
      const leasedWriteUnits = costs[position] ?? 0;
      const held = batch.parts.filter(({ lane }) => lane.state === "idle");
      for (const { lane } of held) lanes.claim(lane);
      track("batch", run({ ...batch, parts: held }, { startAtMs, leasedWriteUnits }, false));
      const { effectiveWcuPerSecond } = leaser.rate();
      if (effectiveWcuPerSecond > 0) startAtMs += (leasedWriteUnits / effectiveWcuPerSecond) * 1000;
    }
    return true;
  }

  return {
    /** Runs until the worker stops. Never throws. */
    async loop(): Promise<void> {
      while (!stopping.signal.aborted) {
        let more = false;
        try {
          more = await turn();
        } catch (thrown) {
          emit({ event: "fault", where: "pump", error: errorText(thrown) });
          await sleep(clock, 1_000, stopping.signal);
          continue;
        }
        if (!more && !stopping.signal.aborted) await changed.wait();
      }
      for (const lane of alone.splice(0)) lanes.giveBack(lane);
    },
    underWay: () => Array.from(underWay),
  };
}

/** A turn looks at no more lanes than it can use. */
function* firstReady(ready: Iterable<Lane>): Generator<Lane> {
  let taken = 0;
  for (const lane of ready) {
    if (taken >= 2 * LEASED_TOGETHER * TABLE_BATCH_ITEMS) return;
    taken += 1;
    yield lane;
  }
}

function outcomeOf(result: StoreResult, batch: Batch, held: Parameters<Batch["putOf"]["get"]>[0]) {
  return result.outcomes[batch.putOf.get(held) ?? -1] ?? ({ kind: "not_tried" } as const);
}

/** The batch without the messages that are not kept; puts shared with a kept one stay. */
function chooseKept(batch: Batch, kept: ReadonlySet<Parameters<Batch["putOf"]["get"]>[0]>): Batch {
  if (kept.size === batch.putOf.size) return batch;
  const lanes = batch.parts.map((part) => ({ lane: part.lane, held: part.held.filter((one) => kept.has(one)) })).filter(({ held }) => held.length > 0);
  const used = Array.from(new Set(lanes.flatMap(({ held }) => held.map((one) => batch.putOf.get(one) ?? -1)))).toSorted((a, b) => a - b);
  const puts = used.flatMap((position) => batch.puts[position] ?? []);
  const putOf = new Map(lanes.flatMap(({ held }) => held.map((one) => [one, used.indexOf(batch.putOf.get(one) ?? -1)] as const)));
  return { parts: lanes, puts, putOf, costWriteUnits: puts.reduce((sum, put) => sum + put.costWriteUnits, 0) };
}
