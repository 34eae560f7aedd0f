import { retryDelayMs } from "#lib/domain/backoff.ts";
import { SQS_BATCH_ENTRIES } from "#lib/gateways/sqs-queue.ts";
import { sleep, withDeadline } from "./clock.ts";
import type { Core } from "./core.ts";
import { errorText } from "./events.ts";
import { hold, messageIds } from "./lanes.ts";

/** What a worker may hold: what it can store in this time at its share of the rate. */
const BUFFER_SECONDS = 5;
/**
 * Nor may more wait for a batch than it stored in this time of late, and a little to begin with: a rate far over what
 * the table or this process can take must not fill the memory (a write unit is at most 1 KB), nor hide messages from
 * others.
 */
const PROVEN_SECONDS = 0.25;
const UNPROVEN_WRITE_UNITS = 250;
/** Longest wait of a receive (SQS API reference). */
const LONG_POLL_SECONDS = 20;
/** A receive that has not ended this long after its long poll never will: its connection is cut. */
const ANSWER_WITHIN_MS = 10_000;
/** At a stop a call this young may be bringing messages, which would stay hidden if it were cut; an older one waits. */
const YOUNG_MS = 1_000;
/** ReceiveRequestAttemptId is good for 5 minutes after the first try (SQS API reference). */
const ATTEMPT_RETRIES = 4;

/** Whether a call that failed may have hidden messages that only its attempt id can get at. */
function unanswered(thrown: unknown): boolean {
  const status = (thrown as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
  return status === undefined || status >= 500;
}

/** What a watch over the receive loops sees. */
export interface ReceiveProgress {
  /** Messages that could be asked for now; 0 = there is a reason not to. */
  room: number;
  /** Calls under way, the pauses between their tries included. */
  calls: number;
  /** Since when every call has failed, monotonic ms; null while they are answered. */
  failingSinceMs: number | null;
}

/**
 * Receive loops that fill one buffer. One long poll stands while the queue is idle; as long as receives come back
 * full, more loops join. Nothing is received beyond what can be stored soon, since received messages are hidden from
 * other workers.
 */
export function createReceiver(core: Core) {
  const { clock, config, emit, lanes, leaser, outage, queue, samples, stopping, throughput, random, uuid } = core;
  const { signal } = stopping;
  // The visibility counts from before the call, so a long poll must leave time to store what it brings.
  const spareSeconds = Math.floor(config.visibilitySeconds - config.storeTimeoutMs / 1000 - 2);
  const waitSeconds = Math.min(LONG_POLL_SECONDS, Math.max(1, spareSeconds));
  let active = 1;
  let asked = 0;
  let calls = 0;
  let failingSinceMs: number | null = null;
  let averageCost = 1;

  /** How many messages to ask for now; 0 = wait. */
  function room(): number {
    const { effectiveWcuPerSecond } = leaser.rate();
    if (leaser.closed() || effectiveWcuPerSecond <= 0 || outage.waiting()) return 0;
    // What is stored and cannot be pushed is not in the buffer's count: it must not pile up.
    if (core.pushes?.blocked() === true && lanes.size() > 0) return 0;
    const { messages, writeUnits } = lanes.buffered();
    const proven = UNPROVEN_WRITE_UNITS + throughput.perSecond() * PROVEN_SECONDS;
    // A few hot users that are put off must not keep all others waiting.
    const notWaiting = core.underWay.writeUnits + lanes.putOffWriteUnits(clock.monotonic());
    const capacity = Math.min((effectiveWcuPerSecond / leaser.timesSize() / core.liveWorkers) * BUFFER_SECONDS, proven + notWaiting);
    if (messages === 0 && asked === 0) {
      return outage.active() ? 1 : Math.max(1, Math.min(SQS_BATCH_ENTRIES, Math.floor(capacity / averageCost)));
    }
    if (outage.active()) return 0;
    const free = Math.floor((capacity - writeUnits) / averageCost) - asked;
    // A call for one or two at a time would cost a call each: wait until there is room for a good part of a batch.
    const worthwhile = Math.max(1, Math.min(SQS_BATCH_ENTRIES, Math.floor(capacity / averageCost / 2)));
    return free >= worthwhile ? Math.min(SQS_BATCH_ENTRIES, free) : 0;
  }

  async function receive(maxMessages: number): Promise<number> {
    const attemptId = uuid();
    // From before the first try: a try whose answer was lost may have hidden the messages already.
    const startedMs = clock.monotonic();
    const hangUp = new AbortController();
    const onStop = () => clock.setTimer(() => hangUp.abort(), Math.max(0, startedMs + YOUNG_MS - clock.monotonic()));
    signal.addEventListener("abort", onStop, { once: true });
    try {
      return await receiveUntil(hangUp.signal, { maxMessages, attemptId, startedMs });
    } finally {
      signal.removeEventListener("abort", onStop);
    }
  }

  async function receiveUntil(
    hungUp: AbortSignal,
    { maxMessages, attemptId, startedMs }: { maxMessages: number; attemptId: string; startedMs: number },
  ): Promise<number> {
    for (let tries = 0; ; tries += 1) {
      try {
        const request = { maxMessages, waitSeconds, visibilitySeconds: config.visibilitySeconds, attemptId };
        const deadline = { clock, ms: waitSeconds * 1000 + ANSWER_WITHIN_MS, what: "a receive", parent: hungUp };
        const messages = await withDeadline(deadline, (cancel) => queue.receive(request, { signal: cancel }));
        failingSinceMs = null;
        const receivedAtMs = clock.monotonic();
        const visibleUntilMs = startedMs + config.visibilitySeconds * 1000;
        const held = messages.map((message) => hold(message, { receivedAtMs, visibleUntilMs, retentionDays: config.retentionDays }));
        for (const one of held) {
          averageCost += (Math.max(1, one.costWriteUnits) - averageCost) / 50;
          samples.receivedSentAt(one.message.sentAt);
        }
        samples.count("received", held.length);
        if (held.length > 0) {
          emit({ event: "received", attemptId, messageIds: messageIds(held), groups: new Set(messages.map((one) => one.groupId)).size });
          lanes.add(held);
        }
        return held.length;
      } catch (thrown) {
        if (signal.aborted) return 0;
        failingSinceMs ??= clock.monotonic();
        const retryInMs = retryDelayMs(tries + 1, random());
        emit({ event: "receive_failed", error: errorText(thrown), retryInMs });
        await sleep(clock, retryInMs, signal);
        // What the first try may have hidden is soon visible again: asking for it by its id would bring it too late.
        const stale = clock.monotonic() - startedMs >= config.visibilitySeconds * 500;
        if (!unanswered(thrown) || tries >= ATTEMPT_RETRIES || stale || signal.aborted) return 0;
      }
    }
  }

  async function loop(index: number): Promise<void> {
    while (!signal.aborted) {
      const wanted = index < active ? room() : 0;
      if (wanted === 0) {
        await roomMade();
        continue;
      }
      asked += wanted;
      calls += 1;
      const got = await receive(wanted).catch((thrown: unknown) => {
        emit({ event: "fault", where: "receive", error: errorText(thrown) });
        return 0;
      });
      asked -= wanted;
      calls -= 1;
      if (got >= wanted) active = Math.min(config.receiveLoops, active + 1);
      else if (got === 0) active = 1;
      wakeLoops();
    }
  }

  let waiters: (() => void)[] = [];
  const roomMade = () => new Promise<void>((resolve) => waiters.push(resolve));
  function wakeLoops(): void {
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  }

  return {
    progress: (): ReceiveProgress => ({ room: room(), calls, failingSinceMs }),

    /** Runs until the worker stops. Never throws. */
    async run(): Promise<void> {
      signal.addEventListener("abort", wakeLoops, { once: true });
      core.onChange.add(() => {
        if (waiters.length > 0 && room() > 0) wakeLoops();
      });
      await Promise.all(Array.from({ length: config.receiveLoops }, (_, index) => loop(index)));
    },
  };
}
