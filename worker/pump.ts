import { TABLE_BATCH_ITEMS } from "#lib/gateways/activity-table.ts";
import type { Attend } from "./attend.ts";
import { chooseBatches, needsAttention } from "./batch.ts";
import { createBatchRun, writeOf } from "./batch-run.ts";
import { sleep, sleepUntil } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText } from "./events.ts";
import { head, type Lane } from "./lanes.ts";
import type { LeaseAnswer } from "./lease.ts";
import type { Outcomes } from "./outcomes.ts";

/** Batches under way at once: enough for 1,000 WCU/s against a table that takes a second to answer. */
const MAX_UNDER_WAY = 64;
/** Batches of one lease, where the rate is so high that its 40 ms hold more than one. */
const LEASED_TOGETHER = 4;
/** Longest wait after a refusal, so that a raised rate is obeyed at once. */
const MAX_REFUSAL_WAIT_MS = 250;

export type Pump = ReturnType<typeof createPump>;

/**
 * The heart of the worker: chooses batches from the lanes, leases their exact cost, and stores them at their start.
 * The next lease is taken while the batches before it wait and write, so that none of the rate passes unused.
 */
export function createPump(core: Core, outcomes: Outcomes, attend: Attend) {
  const { clock, emit, lanes, leaser, outage, changed, stopping } = core;
  const { run, longEnough } = createBatchRun(core, outcomes);
  const underWay = new Set<Promise<void>>();
  /** Lanes whose head must be handled with nothing else in the process; claimed already. */
  const alone: Lane[] = [];

  function track(what: string, work: Promise<void>): void {
    const done = work
      .catch((thrown: unknown) => emit({ event: "fault", where: what, error: errorText(thrown) }))
      .finally(() => {
        underWay.delete(done);
        core.notify();
      });
    underWay.add(done);
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
