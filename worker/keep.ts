import { sleep } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText } from "./events.ts";
import type { Held, Lane } from "./lanes.ts";
import type { Outcomes } from "./outcomes.ts";

/** How often deadlines are looked at; a fraction of the shortest sensible visibility. */
const EVERY_MS = 500;
/** A message held for longer is released uncounted: whatever holds it up, another worker may do better. */
const HELD_AT_MOST_MS = 10 * 60_000;
const HELD_TOO_LONG_SECONDS = 30;

/**
 * Renews the visibility of what this worker still holds once half of it has passed, and lets go of lanes whose
 * visibility could not be renewed: others may hold them by now.
 */
export function createKeeper(core: Core, outcomes: Outcomes) {
  const { clock, config, emit, lanes, leaser, receipts } = core;
  const renewing = new Set<Held>();

  async function renew(due: readonly Held[]): Promise<void> {
    for (const one of due) renewing.add(one);
    try {
      const renewed = await receipts.changeVisibility(due, config.visibilitySeconds, lanes.holds);
      if (renewed.length > 0) emit({ event: "extended", messageIds: renewed.map((one) => one.message.messageId) });
    } finally {
      for (const one of due) renewing.delete(one);
    }
  }

  /** Acks what is stored and releases the rest. */
  async function letGo(lane: Lane): Promise<void> {
    lanes.claim(lane);
    if (await outcomes.finish(lane)) await outcomes.release(lane, "paused", 0);
  }

  /** One look at all lanes. */
  async function look(): Promise<void> {
    const nowMs = clock.monotonic();
    const due: Held[] = [];
    const over: Promise<void>[] = [];
    for (const lane of lanes.all()) {
      const idle = lane.state === "idle";
      if (idle && lane.held.some((one) => one.visibleUntilMs <= nowMs)) {
        over.push(outcomes.leave(lane, "expired"));
      } else if (idle && lane.held.some((one) => nowMs - one.receivedAtMs > HELD_AT_MOST_MS)) {
        over.push(outcomes.release(lane, "held_too_long", HELD_TOO_LONG_SECONDS));
      } else if (idle && leaser.halted() && lane.held.some((one) => one.visibleUntilMs - nowMs < (config.visibilitySeconds * 1000) / 2)) {
        // Paused: nobody stores these soon, and after the pause any worker may.
        over.push(letGo(lane));
      } else {
        for (const one of lane.held) {
          // What is stored and being acked is not renewed: an ack that fails for that long must end.
          if (!idle && one.storedAtMs !== null && (core.pushes === undefined || one.pushed)) continue;
          if (one.visibleUntilMs - nowMs < (config.visibilitySeconds * 1000) / 2 && !renewing.has(one)) due.push(one);
        }
      }
    }
    if (due.length > 0) over.push(renew(due));
    await Promise.all(over);
  }

  return {
    look,
    /** Runs until the signal aborts. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        await sleep(clock, EVERY_MS, signal);
        void look().catch((thrown: unknown) => emit({ event: "fault", where: "keep", error: errorText(thrown) }));
      }
    },
  };
}
