import { retryDelayMs } from "#lib/domain/backoff.ts";
import type { PushFilter } from "#lib/gateways/push-filter.ts";
import { type Clock, sleep, withDeadline } from "./clock.ts";

/** Longest wait for one call of the filter's table. */
const FILTER_TIMEOUT_MS = 2_000;
const FILTER_TRIES = 3;
/** What a claim's lease leaves for the filter's own calls, around the push. */
const LEASE_MARGIN_MS = 2 * FILTER_TRIES * FILTER_TIMEOUT_MS;
/** Keys remembered at once; the oldest is forgotten first. */
const REMEMBERED = 10_000;

/** `mine`: push now. `waiting`: another's claim stands, for this long at most as far as is known. */
export type Claim = { kind: "mine"; claim: string } | { kind: "done" } | { kind: "waiting"; restMs: number };

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  const oldest = map.size > REMEMBERED ? map.keys().next() : null;
  if (oldest && oldest.done !== true) map.delete(oldest.value);
}

export type PushClaims = ReturnType<typeof createPushClaims>;

/**
 * This worker's side of the dedup filter. A claim carries no time: whoever meets another's claim waits its lease out
 * by a clock that never jumps, counted from when it was first seen, and then takes over that very claim.
 * Methods throw when the filter's table stays away.
 */
export function createPushClaims({
  filter,
  clock,
  random,
  uuid,
}: {
  filter: Pick<PushFilter, "claim" | "markDone" | "giveBack">;
  clock: Clock;
  random: () => number;
  uuid: () => string;
}) {
  /** Claims of others, since when they have been seen. */
  const met = new Map<string, { claim: string; sinceMs: number }>();
  /** Pushed and not yet marked: whatever happens to the message, this process does not push it again. */
  const unmarked = new Map<string, string>();

  /** A call of the filter, tried again while it goes unanswered. */
  async function inFilter<T>(what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await withDeadline({ clock, ms: FILTER_TIMEOUT_MS, what }, call);
      } catch (thrown) {
        if (tries >= FILTER_TRIES) throw thrown;
        await sleep(clock, retryDelayMs(tries - 1, random()));
      }
    }
  }

  async function mark(key: string): Promise<void> {
    const claim = unmarked.get(key);
    if (claim === undefined) return;
    await inFilter("marking a push", (signal) => filter.markDone({ key, claim }, signal));
    unmarked.delete(key);
  }

  let marking = false;
  /** Marks what could not be marked at once, whether or not its message is still held here: a claim's lease runs. */
  async function markLater(signal: AbortSignal): Promise<void> {
    if (marking) return;
    marking = true;
    for (let tries = 1; unmarked.size > 0 && !signal.aborted; tries += 1) {
      await sleep(clock, retryDelayMs(tries, random()), signal);
      for (const key of Array.from(unmarked.keys())) if (!signal.aborted) await mark(key).catch(() => {});
    }
    marking = false;
  }

  return {
    /** @param longestMs of the push that the claim is for. */
    async claim(key: string, { longestMs }: { longestMs: number }): Promise<Claim> {
      const mine = uuid();
      const leaseMs = longestMs + LEASE_MARGIN_MS;
      const seen = met.get(key);
      let answer = await inFilter("a claim", (signal) => filter.claim({ key, claim: mine }, signal));
      if (answer.kind === "taken" && seen?.claim === answer.claim && clock.monotonic() - seen.sinceMs >= leaseMs) {
        const over = answer.claim;
        answer = await inFilter("a claim", (signal) => filter.claim({ key, claim: mine, over }, signal));
      }
      if (answer.kind !== "taken") {
        met.delete(key);
        return answer.kind === "done" ? answer : { kind: "mine", claim: mine };
      }
      // Given back between the filter's two calls: free at the next look.
      if (answer.claim === "") return { kind: "waiting", restMs: 0 };
      const since = seen?.claim === answer.claim ? seen : { claim: answer.claim, sinceMs: clock.monotonic() };
      remember(met, key, since);
      return { kind: "waiting", restMs: Math.max(0, since.sinceMs + leaseMs - clock.monotonic()) };
    },

    /** Notes that the push was made. From now on `finish` is all that is left, whoever asks. */
    made(key: string, claim: string): void {
      remember(unmarked, key, claim);
    },

    /** Whether this process has made the push and not yet marked it. */
    isMade: (key: string): boolean => unmarked.has(key),

    /**
     * Marks a push that was made. Where the filter's table stays away this throws, and goes on trying by itself.
     * @param signal ends that.
     */
    async finish(key: string, signal: AbortSignal): Promise<void> {
      try {
        await mark(key);
      } catch (thrown) {
        void markLater(signal);
        throw thrown;
      }
    },

    /** Gives up a claim whose push was not made. Never throws: the claim's lease ends it as well. */
    async giveBack(key: string, claim: string): Promise<void> {
      await inFilter("giving a claim back", (signal) => filter.giveBack({ key, claim }, signal)).catch(() => {});
    },
  };
}
