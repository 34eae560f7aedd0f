import type { FaultKind } from "./log.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** `filter` is the push filter's table, `webhook` the receiver of pushes. */
export type Backend = "sqs" | "table" | "postgres" | "filter" | "webhook";

/** What becomes of one call. */
export type Fate =
  | "answered"
  /** Fails and has no effect. */
  | "failed"
  /** Has its effect; the connection breaks. */
  | "answer_lost"
  /** Never arrives, and nobody says so. */
  | "request_hung"
  /** Has its effect, and nobody says so. */
  | "answer_hung"
  /** Arrives long after the caller has given up. */
  | "late";

/** The part of the plan that decides over calls. Fates are drawn once a call. */
export interface CallFaults {
  fate: (backend: Backend, name: string) => Fate;
  /** Whether the process dies right before the call goes out, or right after its effect, or on its answer. */
  killAt: (point: "before" | "effect" | "answer") => boolean;
  kill: (host: Host, why: string) => void;
  note: (host: Host, what: FaultKind, detail: string) => void;
}

/** Client-side limits as worker/backends.ts sets them, milliseconds. */
const LIMIT_MS: Record<Backend, number> = { sqs: 5_000, table: 9_000, postgres: 6_000, filter: 9_000, webhook: 5_000 };
const LATENCY_MS: Record<Backend, [number, number]> = { sqs: [2, 15], table: [2, 20], postgres: [1, 4], filter: [2, 15], webhook: [5, 120] };

const sdkError = (name: string, code?: string, httpStatusCode?: number) =>
  Object.assign(new Error(name), { name, ...(code !== undefined && { code }), $metadata: httpStatusCode === undefined ? {} : { httpStatusCode } });

export type Link = ReturnType<typeof createLink>;

/** The wire between one process and its backends: calls take time, and any of their parts can fail. */
export function createLink({ scheduler, random, host, faults }: { scheduler: Scheduler; random: Random; host: Host; faults: CallFaults }) {
  const latency = (backend: Backend) => {
    const [from, to] = LATENCY_MS[backend];
    return from + random.int(to - from + 1);
  };

  /**
   * @param effect what the call does there, at once; it may throw or answer later (a long poll).
   * @param limitMs client-side limit, where it is not the backend's usual one.
   */
  function call<T>(
    { backend, name, signal, limitMs = LIMIT_MS[backend] }: { backend: Backend; name: string; signal?: AbortSignal | undefined; limitMs?: number },
    effect: () => T | Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!host.alive()) return;
      if (faults.killAt("before")) {
        faults.kill(host, `before ${name}`);
        return;
      }
      let over = false;
      const finish = (settle: () => void) => {
        if (over) return;
        over = true;
        cancelLimit();
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = () => finish(() => reject(sdkError("AbortError")));
      const cancelLimit = host.clock.setTimer(() => finish(() => reject(sdkError("TimeoutError"))), limitMs);
      if (signal?.aborted) {
        onAbort();
        return;
      }
      signal?.addEventListener("abort", onAbort, { once: true });

      const fate = faults.fate(backend, name);
      const answer = (settle: () => void) =>
        scheduler.after(latency(backend), () =>
          host.run(() => {
            if (over) return;
            if (faults.killAt("answer")) faults.kill(host, `after ${name}`);
            else finish(settle);
          }),
        );
      if (fate === "failed") {
        faults.note(host, "call_failed", name);
        const refused = random.chance(0.5);
        answer(() => reject(refused ? sdkError("Error", "ECONNREFUSED") : sdkError("InternalServerError", undefined, 500)));
        return;
      }
      if (fate === "request_hung") {
        faults.note(host, "call_hung", name);
        return;
      }
      if (fate === "late") faults.note(host, "call_late", name);
      scheduler.after(fate === "late" ? 500 + random.int(45_000) : latency(backend), () => {
        let result: T | Promise<T>;
        try {
          result = effect();
        } catch (thrown) {
          answer(() => reject(thrown));
          return;
        }
        if (faults.killAt("effect")) {
          faults.kill(host, `between effect and answer of ${name}`);
          return;
        }
        if (fate === "answer_hung" || fate === "late") {
          if (fate === "answer_hung") faults.note(host, "call_hung", name);
          return;
        }
        if (fate === "answer_lost") {
          faults.note(host, "answer_lost", name);
          answer(() => reject(sdkError("Error", "ECONNRESET")));
          return;
        }
        if (result instanceof Promise) {
          result.then(
            (value) => answer(() => resolve(value)),
            (thrown: unknown) => answer(() => reject(thrown)),
          );
        } else {
          const value = result;
          answer(() => resolve(value));
        }
      });
    });
  }

  return { call };
}

/** Puts a store behind a link: each method becomes one call. */
export function remote<Store extends object>(store: Store, link: Link, name: string, limitMs?: number): Store {
  const methods = Object.entries(store).map(([method, act]) => [
    method,
    (...input: unknown[]) =>
      link.call({ backend: "postgres", name: `${name}.${method}`, ...(limitMs !== undefined && { limitMs }) }, () =>
        (act as (...input: unknown[]) => Promise<unknown>)(...input),
      ),
  ]);
  return Object.fromEntries(methods) as Store;
}
