import type { Delivery, ReceiveInput } from "./commands.ts";
import type { Engine } from "./engine.ts";

/** Longest a timer may sleep; Node's own bound is 2^31 ms. */
const LONGEST_SLEEP_MS = 60_000;

interface Waiter {
  input: ReceiveInput;
  deadline: number;
  settle(outcome: Delivery[] | Error): void;
}

/**
 * Receives that wait for messages. First come, first served per queue.
 * A waiter whose signal is aborted (its client went away) is taken out before it can take a message.
 */
export interface LongPoll {
  /** @param waitMs 0 answers at once. @rejects the refusal; with the signal's reason when it was aborted. */
  receive(input: ReceiveInput, waitMs: number, signal: AbortSignal): Promise<Delivery[]>;
  /** Serves whoever waits, as far as there are messages; to be called after each command. */
  wake(): void;
  /** Receives of a queue that were answered empty, since the start. */
  emptyReceives(queue: string): number;
  /** Ends all waits, empty. */
  close(): void;
}

/** @param now epoch milliseconds. */
export function createLongPoll({ engine, now }: { engine: Engine; now: () => number }): LongPoll {
  const byQueue = new Map<string, Set<Waiter>>();
  const empties = new Map<string, number>();
  let timer: NodeJS.Timeout | null = null;

  function counted(queue: string, found: Delivery[]): Delivery[] {
    if (found.length === 0) empties.set(queue, (empties.get(queue) ?? 0) + 1);
    return found;
  }

  function finish(waiter: Waiter, outcome: Delivery[] | Error): void {
    const waiters = byQueue.get(waiter.input.queue);
    waiters?.delete(waiter);
    if (waiters?.size === 0) byQueue.delete(waiter.input.queue);
    waiter.settle(outcome);
  }

  function serve(queue: string, waiters: Set<Waiter>, time: number): void {
    for (const waiter of waiters) {
      try {
        const found = engine.available(queue, time) ? engine.apply("receive", waiter.input, time) : [];
        if (found.length > 0 || time >= waiter.deadline) finish(waiter, found);
      } catch (cause) {
        finish(waiter, cause instanceof Error ? cause : new Error(String(cause)));
      }
    }
  }

  function plan(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (byQueue.size === 0) return;
    let at = engine.nextEventAt();
    for (const waiters of byQueue.values()) for (const waiter of waiters) at = Math.min(at, waiter.deadline);
    timer = setTimeout(wake, Math.min(LONGEST_SLEEP_MS, Math.max(1, Math.ceil(at - now()))));
  }

  function wake(): void {
    if (byQueue.size === 0) return;
    const time = now();
    for (const [queue, waiters] of byQueue) serve(queue, waiters, time);
    plan();
  }

  return {
    wake,
    emptyReceives: (queue) => empties.get(queue) ?? 0,
    async receive(input, waitMs, signal) {
      signal.throwIfAborted();
      const found = engine.apply("receive", input, now());
      if (found.length > 0 || waitMs <= 0) return counted(input.queue, found);
      const { promise, resolve, reject } = Promise.withResolvers<Delivery[]>();
      const leave = () => finish(waiter, new Error("the client went away"));
      const waiter: Waiter = {
        input,
        deadline: now() + waitMs,
        settle(outcome) {
          signal.removeEventListener("abort", leave);
          if (outcome instanceof Error) reject(outcome);
          else resolve(counted(input.queue, outcome));
        },
      };
      const waiters = byQueue.get(input.queue) ?? new Set<Waiter>();
      byQueue.set(input.queue, waiters.add(waiter));
      signal.addEventListener("abort", leave, { once: true });
      plan();
      return promise;
    },
    close() {
      for (const waiters of byQueue.values()) for (const waiter of waiters) finish(waiter, []);
      if (timer) clearTimeout(timer);
    },
  };
}
