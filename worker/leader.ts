import type { LeaderLease } from "#lib/gateways/leader-lease.ts";
import { type Clock, sleep, systemClock, withDeadline } from "./clock.ts";
import { errorText, type OnDeadLetterEvent, safely } from "./dead-letter-events.ts";

/** How long a lease lasts without renewal, milliseconds: a killed leader is replaced within this. */
const LEASE_MS = 15_000;
/** How often it is renewed, and how often others ask for it, milliseconds. */
const RENEW_MS = 4_000;
/** Longest wait for the duty and for Postgres when giving up, milliseconds. */
const RELEASE_TIMEOUT_MS = 5_000;

/** Resolves after `ms` or when the signal aborts, whichever is first. */
export async function pause(ms: number, signal: AbortSignal, clock: Clock = systemClock): Promise<void> {
  await sleep(clock, ms, signal);
}

/**
 * Runs one duty on at most one worker.
 *
 * States: following (asks for the lease every `renewMs`) -> leading (the duty runs, the lease is renewed) ->
 * following again when the lease is lost or the duty ends, or stopped. The duty's signal aborts when a renewal is
 * refused, or when none has been confirmed for so long that the lease may have run out. Duties must bear that the
 * next leader starts while the last one is still giving up.
 *
 * @param holder unique per process.
 */
export function createLeader({
  lease,
  duty,
  holder,
  run,
  onEvent,
  leaseMs = LEASE_MS,
  renewMs = RENEW_MS,
  clock = systemClock,
}: {
  lease: LeaderLease;
  duty: string;
  holder: string;
  run: (signal: AbortSignal) => Promise<void>;
  onEvent?: OnDeadLetterEvent;
  leaseMs?: number;
  renewMs?: number;
  clock?: Clock;
}) {
  const emit = safely(onEvent);
  const now = () => clock.monotonic();

  /** Renews until the lease is lost or the duty is over. @returns why it was lost, or null. */
  async function hold(firstAskedAt: number, over: AbortSignal): Promise<string | null> {
    let confirmedAt = firstAskedAt;
    while (!over.aborted) {
      await pause(renewMs, over, clock);
      if (over.aborted) return null;
      const askedAt = now();
      // A hung Postgres must not keep a leader past its lease: the answer is awaited no longer than that.
      const giveUpAt = confirmedAt + leaseMs - 2 * renewMs;
      const left = Math.max(0, giveUpAt - askedAt);
      const answer = await withDeadline({ clock, ms: left, what: "renewing a lease", parent: over }, () => lease.acquire({ duty, holder, leaseMs })).catch(
        (cause: unknown) => ({ error: errorText(cause) }),
      );
      if (answer === "taken") return "another worker holds it";
      if (answer === "held") confirmedAt = askedAt;
      else if (now() >= giveUpAt) return answer.error;
    }
    return null;
  }

  async function lead(askedAt: number, signal: AbortSignal): Promise<void> {
    // Not AbortSignal.any: one that is listened to stays in memory for as long as what it came from.
    const lost = new AbortController();
    const over = new AbortController();
    const onStop = () => {
      lost.abort();
      over.abort();
    };
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) onStop();
    emit({ event: "leader.held", duty });
    const working = run(lost.signal)
      .catch((cause: unknown) => emit({ event: "duty.failed", duty, error: errorText(cause) }))
      .finally(() => over.abort());
    const why = await hold(askedAt, over.signal);
    if (why !== null) {
      emit({ event: "leader.lost", duty, error: why });
      lost.abort();
    }
    await working;
    signal.removeEventListener("abort", onStop);
  }

  return {
    duty,

    /** Follows and leads until the signal aborts; then ends the duty, gives the lease up and resolves. Never throws. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const askedAt = now();
        const answer = await lease.acquire({ duty, holder, leaseMs }).catch(() => "unknown" as const);
        if (answer === "held") await lead(askedAt, signal);
        await pause(renewMs, signal, clock);
      }
      await withDeadline({ clock, ms: RELEASE_TIMEOUT_MS, what: "giving a lease up" }, () => lease.release({ duty, holder })).then(
        () => emit({ event: "leader.released", duty }),
        (cause: unknown) => emit({ event: "duty.failed", duty, error: errorText(cause) }),
      );
    },
  };
}
