import type { DeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";
import type { FailingMessages } from "#lib/gateways/failing-messages.ts";
import { type Clock, systemClock } from "./clock.ts";
import { errorText, type OnDeadLetterEvent, safely } from "./dead-letter-events.ts";
import type { WalkResult } from "./dlq-walk.ts";
import { pause } from "./leader.ts";

/** Times of the sweeper, milliseconds. */
export interface SweeperTimes {
  /** How often Postgres is asked for resolved deaths that still have a copy. */
  checkMs: number;
  /** How often the DLQ is walked though there is none: for what SQS put there itself. */
  lookMs: number;
  /** Pause after a walk that found none of the copies it was made for. */
  missedMs: number;
  /** Pause after a failure. */
  failureMs: number;
}

const TIMES: SweeperTimes = { checkMs: 1_000, lookMs: 300_000, missedMs: 30_000, failureMs: 5_000 };

/** Walks take at most this part of the time: a long DLQ is not walked end to end without a rest. */
const REST_PER_WALK = 4;

/**
 * Keeps the DLQ in step with the ledger; a leader's duty. Idle it asks Postgres each second and SQS every 5 minutes.
 */
export function createSweeper({
  ledger,
  failing,
  walk,
  onEvent,
  times = TIMES,
  clock = systemClock,
}: {
  ledger: Pick<DeadLetterLedger, "unswept">;
  failing: Pick<FailingMessages, "prune">;
  walk: (signal: AbortSignal) => Promise<WalkResult>;
  onEvent?: OnDeadLetterEvent;
  times?: SweeperTimes;
  clock?: Clock;
}) {
  const emit = safely(onEvent);
  const now = () => clock.monotonic();
  return {
    /** Sweeps until the signal aborts. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      let lookAt = now();
      let sweepAt = now();
      /** Latest resolution that a walk was made for in vain; a newer one is walked for at once. */
      let missed: number | null = null;
      while (!signal.aborted) {
        try {
          const latest = (await ledger.unswept()).latestResolvedAt?.getTime() ?? null;
          const wanted = latest !== null && (now() >= sweepAt || (missed !== null && latest > missed));
          if (wanted || now() >= lookAt) {
            if (now() >= lookAt) await failing.prune();
            const startedAt = now();
            const { deleted } = await walk(signal);
            missed = latest !== null && deleted === 0 ? latest : null;
            sweepAt = now() + (missed === null ? REST_PER_WALK * Math.max(0, now() - startedAt - times.checkMs) : times.missedMs);
            lookAt = now() + times.lookMs;
          }
        } catch (cause) {
          if (signal.aborted) return;
          emit({ event: "duty.failed", duty: "sweeper", error: errorText(cause) });
          await pause(times.failureMs, signal, clock);
        }
        await pause(times.checkMs, signal, clock);
      }
    },
  };
}
