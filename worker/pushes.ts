import type { DeathReason } from "#lib/contracts/dead-letters.ts";
import { pushKey } from "#lib/domain/activity-key.ts";
import { retryDelayMs } from "#lib/domain/backoff.ts";
import { type Clock, withDeadline } from "./clock.ts";
import { type Emit, errorText, type PushWait } from "./events.ts";
import type { Held } from "./lanes.ts";
import { createPushClaims } from "./push-claims.ts";
import type { Push, PushResult, Sink } from "./sinks/sink.ts";
import { createSlots } from "./slots.ts";

/** A sink that asks for patience is asked again after this long at most, milliseconds. */
const MAX_QUIET_MS = 60_000;
/** After so much patience with one message the attempt has failed. */
const PATIENCE_MS = 5 * 60_000;
const SOON_MS = 250;

/** What became of a message's pushes, all sinks together. `later`: no attempt is spent. */
export type PushOutcome = { kind: "pushed" } | { kind: "failed"; reason: DeathReason; error: string } | { kind: "later"; retryInMs: number };

export type Pushes = ReturnType<typeof createPushes>;

/**
 * Pushes stored activities to the sinks, each at most once. Steps for each sink, each survived by a kill:
 * 1. claim (conditional put in the filter's own table), 2. push, 3. mark done.
 * The one gap is a kill between 2 and 3: the claim is met by whoever gets the message next, who waits its lease out
 * and pushes once more.
 */
export function createPushes({
  sinks,
  visibilityMs,
  ...deps
}: {
  sinks: readonly Sink[];
  visibilityMs: number;
  clock: Clock;
  random: () => number;
  emit: Emit;
} & Parameters<typeof createPushClaims>[0]) {
  const { clock, random, emit } = deps;
  const claims = createPushClaims(deps);
  const patience = new WeakMap<Held, number>();
  /** Sinks that asked for patience: until when they want no push at all, and whether one is on its way to see. */
  const quiet = new Map<string, { untilMs: number; probing: boolean }>();
  const slots = new Map(sinks.map((sink) => [sink.name, createSlots(sink.atOnce)]));
  let setbacks = 0;

  function putOff(held: Held, sink: Sink, wait: { why: PushWait; retryInMs: number; error: string }): PushOutcome {
    emit({ event: "push_put_off", messageId: held.message.messageId, sink: sink.name, ...wait });
    return { kind: "later", retryInMs: wait.retryInMs };
  }

  /** Patience that a sink asks for; past the bound it is a failed attempt. */
  function bePatient(held: Held, sink: Sink, { retryInMs, error }: Extract<PushResult, { kind: "later" }>): PushOutcome {
    const nowMs = clock.monotonic();
    const sinceMs = patience.get(held) ?? nowMs;
    patience.set(held, sinceMs);
    const waitMs = Math.min(MAX_QUIET_MS, Math.max(SOON_MS, retryInMs));
    quiet.set(sink.name, { untilMs: nowMs + waitMs, probing: false });
    setbacks += 1;
    if (nowMs - sinceMs < PATIENCE_MS) return putOff(held, sink, { why: "sink", retryInMs: waitMs, error });
    return { kind: "failed", reason: sink.failure, error: `${error} (for ${Math.round((nowMs - sinceMs) / 1000)} s)` };
  }

  async function pushOnce(sink: Sink, push: Push, signal: AbortSignal): Promise<PushResult> {
    try {
      const deadline = { clock, ms: sink.longestMs, what: `a push to ${sink.name}`, parent: signal };
      return await withDeadline(deadline, (stop) => sink.push(push, stop));
    } catch (thrown) {
      return { kind: "failed", reason: sink.failure, error: errorText(thrown) };
    }
  }

  /** Claim, push, mark. @throws when the filter stays away. */
  async function pushThrough(sink: Sink, held: Held, push: Push, key: string, signal: AbortSignal): Promise<PushOutcome> {
    const { messageId } = held.message;
    const about = { messageId, sink: sink.name, key };
    const tooLate = () => held.visibleUntilMs - clock.monotonic() < sink.longestMs + Math.min(1_000, visibilityMs / 8);
    const late = () => putOff(held, sink, { why: "visibility", retryInMs: SOON_MS, error: "its visibility is about to end" });
    const stopping = () => putOff(held, sink, { why: "stopping", retryInMs: SOON_MS, error: "the worker stops" });
    if (tooLate()) return late();
    const claim = await claims.claim(key, sink);
    if (claim.kind === "done") {
      emit({ event: "push_skipped", ...about });
      return { kind: "pushed" };
    }
    if (claim.kind === "waiting") {
      return putOff(held, sink, { why: "claimed", retryInMs: Math.max(SOON_MS, claim.restMs), error: "another push of it has not ended" });
    }
    emit({ event: "push_claimed", ...about });
    // The process may have been paused, or the filter slow: by now others may hold the message.
    if (tooLate() || signal.aborted) {
      await claims.giveBack(key, claim.claim);
      return signal.aborted ? stopping() : late();
    }
    const result = await pushOnce(sink, push, signal);
    if (result.kind === "pushed") {
      claims.made(key, claim.claim);
      emit({ event: "push_accepted", ...about });
      await claims.finish(key, signal);
      emit({ event: "pushed", ...about });
      return result;
    }
    await claims.giveBack(key, claim.claim);
    // Cut off by the stop: nobody's failure.
    if (signal.aborted) return stopping();
    const outcome = result.kind === "later" ? bePatient(held, sink, result) : result;
    if (outcome.kind === "failed") emit({ event: "push_failed", messageId, sink: sink.name, reason: outcome.reason, error: outcome.error });
    return outcome;
  }

  async function pushTo(sink: Sink, held: Held, signal: AbortSignal): Promise<PushOutcome> {
    if (held.parsed.kind !== "activity") return { kind: "pushed" };
    const { activity, acceptedAt } = held.parsed.message;
    const idempotencyKey = pushKey(activity);
    const key = `${sink.name}#${idempotencyKey}`;
    if (claims.isMade(key)) {
      await claims.finish(key, signal);
      emit({ event: "pushed", messageId: held.message.messageId, sink: sink.name, key });
      return { kind: "pushed" };
    }
    const quieted = quiet.get(sink.name);
    const quietMs = (quieted?.untilMs ?? 0) - clock.monotonic();
    // One goes ahead: not all that wait, at once, to a receiver that has just asked for patience.
    if (quieted && (quietMs > 0 || quieted.probing)) {
      patience.set(held, patience.get(held) ?? clock.monotonic());
      return { kind: "later", retryInMs: Math.max(SOON_MS, quietMs) * (1 + random() / 10) };
    }
    if (quieted) quieted.probing = true;
    try {
      const outcome = await pushThrough(sink, held, { activity, acceptedAt, idempotencyKey }, key, signal);
      if (outcome.kind !== "later") {
        setbacks = 0;
        patience.delete(held);
        if (quiet.get(sink.name) === quieted) quiet.delete(sink.name);
      }
      return outcome;
    } finally {
      if (quieted) quieted.probing = false;
    }
  }

  /** Waits for a slot of the sink. The message's visibility is renewed meanwhile. */
  async function pushInTurn(sink: Sink, held: Held, signal: AbortSignal): Promise<PushOutcome> {
    const turns = slots.get(sink.name);
    await turns?.take();
    try {
      return await pushTo(sink, held, signal);
    } catch (thrown) {
      setbacks += 1;
      return putOff(held, sink, { why: "filter", retryInMs: retryDelayMs(setbacks, random()), error: errorText(thrown) });
    } finally {
      turns?.give();
    }
  }

  return {
    /** Pushes one stored message to every sink, in their order. Never throws. */
    async push(held: Held, signal: AbortSignal): Promise<PushOutcome> {
      for (const sink of sinks) {
        const outcome = await pushInTurn(sink, held, signal);
        if (outcome.kind !== "pushed") return outcome;
      }
      return { kind: "pushed" };
    },

    /** Filter or sink wants no more for now: receiving would only pile up what cannot be finished. */
    blocked: (): boolean => setbacks > 0,
  };
}
