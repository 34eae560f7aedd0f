import type { Figure } from "#lib/contracts/figure.ts";

/** A reading of a source: its value with age, or why there is none. */
export type Reading<T> = Figure<T>;

export interface PollerOptions<T> {
  /** Named on the screen beside each figure it gives. */
  source: string;
  read: (signal: AbortSignal) => Promise<T>;
  /** For this long a value is given out without reading again. */
  ttlMs: number;
  /** Up to this age a value still counts as live; past it, as stale. */
  liveMs: number;
  /** Past this age a value is not shown any more: the reading is an error. */
  maxStaleMs: number;
  /** Longest wait of a viewer for a slow source; the read goes on and serves the next one. */
  waitMs: number;
  /** Longest a read may take; its signal is aborted then. */
  timeoutMs: number;
  now: () => number;
  /** Told of the first failure after a good read, and of the first good read after a failure (null). */
  onChange?: ((source: string, error: unknown) => void) | undefined;
}

export interface Poller<T> {
  /** The newest reading; never throws. Reads the source only when somebody asks and the last value is older than its TTL. */
  get(): Promise<Reading<T>>;
  /** Makes the next `get` read anew, such as after a change. */
  expire(): void;
}

/** What an operator is told of a failure; the full error, with addresses and statements, goes to the log. */
const WORDS: Readonly<Record<string, string>> = {
  TimeoutError: "no answer in time",
  AbortError: "no answer in time",
  ETIMEDOUT: "no answer in time",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection lost",
  EPIPE: "connection lost",
  ENOTFOUND: "address not found",
  P1001: "connection refused",
  P1008: "no answer in time",
  P1017: "connection lost",
  P2024: "no free connection",
};

interface ErrorLike {
  name?: unknown;
  code?: unknown;
  cause?: unknown;
}

/** Codes and names of an error and its causes, the outermost first. */
function namesOf(error: unknown, depth = 0): string[] {
  if (typeof error !== "object" || error === null || depth > 4) return [];
  const { name, code, cause } = error as ErrorLike;
  return [code, name].filter((value) => typeof value === "string").concat(namesOf(cause, depth + 1));
}

function wordsFor(error: unknown): string {
  const names = namesOf(error);
  const known = names.find((name) => WORDS[name] !== undefined);
  // pg says only in words that it waited too long.
  if (known === undefined && error instanceof Error && /time(d )?out/i.test(error.message)) return "no answer in time";
  return (known !== undefined && WORDS[known]) || (names.find((name) => name !== "Error") ?? "failed");
}

/**
 * One upstream call at a time however many viewers ask. A value goes ok, then stale when the source fails, then
 * error; a failure is kept for the TTL like a value, so that a source in trouble is not asked more often.
 */
export function createPoller<T>({ source, read, ttlMs, liveMs, maxStaleMs, waitMs, timeoutMs, now, onChange }: PollerOptions<T>): Poller<T> {
  let good: { value: T; atMs: number } | null = null;
  let failure: string | null = null;
  /** When the last read ended, well or badly. */
  let endedAtMs = Number.NEGATIVE_INFINITY;
  let expired = true;
  let flight: Promise<void> | null = null;

  async function attempt(): Promise<void> {
    // The value is as old as the question, not as the answer.
    const askedAtMs = now();
    const timeout = AbortSignal.timeout(timeoutMs);
    const expiry = Promise.withResolvers<never>();
    const onAbort = () => expiry.reject(timeout.reason);
    timeout.addEventListener("abort", onAbort);
    try {
      const value = await Promise.race([read(timeout), expiry.promise]);
      good = { value, atMs: askedAtMs };
      if (failure !== null) onChange?.(source, null);
      failure = null;
    } catch (error) {
      if (failure === null) onChange?.(source, error);
      failure = wordsFor(error);
    } finally {
      timeout.removeEventListener("abort", onAbort);
      endedAtMs = now();
      flight = null;
    }
  }

  function reading(): Reading<T> {
    if (!good) return { state: "error", source, error: failure ?? "no answer yet" };
    const ageMs = now() - good.atMs;
    const asOf = new Date(good.atMs).toISOString();
    if (ageMs <= liveMs) return { state: "ok", value: good.value, source, asOf };
    if (ageMs > maxStaleMs) return { state: "error", source, error: failure ?? "no answer for too long" };
    return { state: "stale", value: good.value, source, asOf, ...(failure !== null && { error: failure }) };
  }

  async function waitFor(started: Promise<void>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([started, patience]);
    clearTimeout(timer);
  }

  return {
    async get() {
      if (flight === null && (expired || now() - endedAtMs >= ttlMs)) {
        expired = false;
        flight = attempt();
      }
      // A live value is enough; who has none waits, but not for ever.
      if (flight !== null) await waitFor(flight);
      return reading();
    },
    expire() {
      // A read under way may have asked before the change: it does not count.
      expired = true;
    },
  };
}

/** A figure out of a reading: same source, age and state. */
export function pick<T, U>(from: Reading<T>, choose: (value: T) => U, source: string = from.source): Figure<U> {
  return from.state === "error" ? { ...from, source } : { ...from, source, value: choose(from.value) };
}
