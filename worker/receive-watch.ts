import { type Clock, sleep } from "./clock.ts";
import type { Check } from "./health.ts";
import type { ReceiveProgress } from "./receive.ts";

const LOOK_EVERY_MS = 1_000;
/** With room to receive and no call under way for this long the loops are not well, ... */
const UNWELL_MS = 10_000;
/** ... and for this long they will not be again. */
const WEDGED_MS = 30_000;
/** Calls that have failed for this long: the queue cannot be reached. */
const UNREACHABLE_MS = 15_000;

export type ReceiveWatch = ReturnType<typeof createReceiveWatch>;

/**
 * Sees to it that receiving never stops in silence: every second it wakes the loops, whatever they wait for, and when
 * they still ask for nothing though there is room, it says so, once.
 */
export function createReceiveWatch({
  clock,
  progress,
  wake,
  onWedged,
}: {
  clock: Clock;
  progress: () => ReceiveProgress;
  wake: () => void;
  onWedged: (forMs: number) => void;
}) {
  let idleSinceMs: number | null = null;
  let lookedAtMs: number | null = null;
  let told = false;
  const idleMs = () => (idleSinceMs === null ? 0 : clock.monotonic() - idleSinceMs);

  function look(): void {
    const nowMs = clock.monotonic();
    // The process itself was paused: the loops have had no chance either.
    if (lookedAtMs !== null && nowMs - lookedAtMs > 5 * LOOK_EVERY_MS) idleSinceMs = null;
    lookedAtMs = nowMs;
    const { room, calls } = progress();
    if (room > 0 && calls === 0) idleSinceMs ??= nowMs;
    else idleSinceMs = null;
    if (idleMs() >= WEDGED_MS && !told) {
      told = true;
      onWedged(idleMs());
    }
    wake();
  }

  return {
    look,

    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        look();
        await sleep(clock, LOOK_EVERY_MS, signal);
      }
    },

    /** Whether the loops ask for messages when they may. */
    receiving(): Check {
      const { calls, room } = progress();
      if (idleMs() >= UNWELL_MS) return { ok: false, seen: `no receive for ${Math.round(idleMs() / 1000)} s though there is room for ${room}` };
      return { ok: true, seen: calls > 0 ? `${calls} under way` : "nothing may be received now" };
    },

    /** Whether the queue answers. */
    queue(): Check {
      const { failingSinceMs } = progress();
      const forMs = failingSinceMs === null ? 0 : clock.monotonic() - failingSinceMs;
      return forMs >= UNREACHABLE_MS ? { ok: false, seen: `every receive failed for ${Math.round(forMs / 1000)} s` } : { ok: true, seen: "it answers" };
    },
  };
}
