import { createAttend } from "./attend.ts";
import { sleep } from "./clock.ts";
import { type Core, createCore, type Deps } from "./core.ts";
import { createKeeper } from "./keep.ts";
import { createOutcomes } from "./outcomes.ts";
import { createPump } from "./pump.ts";
import { createReceiver } from "./receive.ts";

export type Consumer = ReturnType<typeof createConsumer>;

/**
 * The consumer: receive -> group -> lease -> store -> resolve -> ack, and nack, attempts and death where that fails
 * (docs/worker.md has the order of the steps and what a kill between any two leaves behind).
 *
 * States: running -> stopping (`stop`: nothing is received or begun any more) -> stopped.
 */
export function createConsumer(deps: Deps) {
  const core: Core = createCore(deps);
  const { clock, lanes } = core;
  const outcomes = createOutcomes(core);
  const attend = createAttend(core, outcomes);
  const pump = createPump(core, outcomes, attend);
  const receiver = createReceiver(core);
  const keeper = createKeeper(core, outcomes);
  const keeping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  /** Idle lanes go back to the queue at once, after the acks of what they have stored. */
  async function releaseIdle(): Promise<void> {
    await Promise.all(
      lanes
        .all()
        .filter((lane) => lane.state === "idle")
        .map(async (lane) => {
          lanes.claim(lane);
          if (await outcomes.finish(lane)) await outcomes.release(lane, "stopping", 0);
        }),
    );
  }

  return {
    core,
    /** For a watch over the receive loops. */
    receiving: receiver.progress,

    start(): void {
      running = Promise.all([receiver.run(), pump.loop(), keeper.run(keeping.signal)]);
    },

    /**
     * Ends receiving, releases what has not started and finishes what runs, up to a deadline; after it, stores are
     * cut off and what they held is left to the queue's timeout.
     * @returns how many messages were still held at the deadline.
     */
    async stop({ deadlineMs }: { deadlineMs: number }): Promise<{ unfinished: number }> {
      const endMs = clock.monotonic() + deadlineMs;
      core.stopping.abort();
      core.notify();
      // First the receives, for a second at most: one still under way would take what is released right in again.
      while (receiver.progress().calls > 0 && clock.monotonic() < endMs - deadlineMs / 2) await sleep(clock, 20);
      const held = () => lanes.size() > 0;
      while (held() && clock.monotonic() < endMs) {
        await Promise.race([Promise.all([releaseIdle(), ...pump.underWay()]), sleep(clock, Math.max(1, endMs - clock.monotonic()))]);
        if (held()) await sleep(clock, 20);
      }
      const left = lanes.all();
      const unfinished = left.reduce((sum, lane) => sum + lane.held.length, 0);
      core.cutOff.abort();
      await Promise.race([Promise.all(left.map((lane) => outcomes.leave(lane, "stop_deadline"))), sleep(clock, 1_000)]);
      keeping.abort();
      await Promise.race([running, sleep(clock, 1_000)]);
      return { unfinished };
    },
  };
}
