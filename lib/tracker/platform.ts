/** As much of an answer as the tracker reads. */
export interface AnswerLike {
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface RequestInitLike {
  method: "POST";
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
  credentials: "omit";
  redirect: "error";
  keepalive?: boolean;
}

/** As much of the Web Locks API as the tracker uses. */
export interface LocksLike {
  request(name: string, options: { ifAvailable?: boolean }, held: (lock: unknown) => Promise<void> | void): Promise<unknown>;
}

export type Cancel = () => void;

/** The world around a tracker: a page, a Node process, or a test's. */
export interface Platform {
  /** Epoch milliseconds. */
  now: () => number;
  /** Milliseconds that never go back. */
  elapsed: () => number;
  /** From 0 up to, not including, 1. */
  random: () => number;
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Looked up at each request: it may be missing. */
  fetch: ((url: string, init: RequestInitLike) => Promise<AnswerLike>) | undefined;
  /** Null where a page cannot send without waiting for it. @returns whether the browser took it. */
  beacon: ((url: string, body: string) => boolean) | null;
  locks: LocksLike | null;
  /** @param holdsProcess keeps a Node process alive until then. */
  after(delayMs: number, action: () => void, holdsProcess: boolean): Cancel;
  /** Calls when the page may be gone for good (`left`: it has no more turns unless it is shown again) and when it is back. */
  onPage(listeners: { hidden: (left: boolean) => void; shown: (wasLeft: boolean) => void }): Cancel;
  /** Calls when a Node process has nothing more to do. */
  onIdleProcess(listener: () => void): Cancel;
}

/** Longest delay that timers take; longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface ProcessLike {
  on(event: "beforeExit", listener: () => void): unknown;
  off(event: "beforeExit", listener: () => void): unknown;
  versions?: { node?: string };
}

interface Surroundings {
  fetch?: (url: string, init: RequestInitLike) => Promise<AnswerLike>;
  crypto?: Pick<Crypto, "getRandomValues">;
  navigator?: { locks?: LocksLike; sendBeacon?: (url: string, body: string) => boolean };
  document?: EventTarget & { visibilityState?: string };
  process?: ProcessLike;
  addEventListener?: EventTarget["addEventListener"];
  removeEventListener?: EventTarget["removeEventListener"];
}

/** The page or the process that this runs in. Every part is looked for where it is used, since none is sure to be there. */
export function surroundings(): Platform {
  const around = globalThis as Surroundings;
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    random: () => Math.random(),
    fillRandom(bytes) {
      if (around.crypto) around.crypto.getRandomValues(bytes);
      else bytes.forEach((_, at) => (bytes[at] = Math.random() * 256));
    },
    get fetch() {
      return around.fetch && ((url: string, init: RequestInitLike) => (around.fetch as typeof fetch)(url, init));
    },
    get beacon() {
      const { navigator } = around;
      if (typeof navigator?.sendBeacon !== "function") return null;
      return (url: string, body: string) => navigator.sendBeacon?.(url, body) === true;
    },
    get locks() {
      return around.navigator?.locks ?? null;
    },
    after(delayMs, action, holdsProcess) {
      const timer: unknown = setTimeout(action, Math.min(delayMs, MAX_TIMER_MS));
      if (!holdsProcess && typeof timer === "object") (timer as { unref?: () => void }).unref?.();
      return () => clearTimeout(timer as number);
    },
    onPage({ hidden, shown }) {
      const { document } = around;
      if (!document || !around.addEventListener) return () => undefined;
      const onVisibility = () => (document.visibilityState === "hidden" ? hidden(false) : shown(false));
      const onLeave = () => hidden(true);
      const onBack = (event: Event) => {
        if ((event as PageTransitionEvent).persisted) shown(true);
      };
      document.addEventListener("visibilitychange", onVisibility);
      around.addEventListener("pagehide", onLeave);
      around.addEventListener("pageshow", onBack);
      return () => {
        document.removeEventListener("visibilitychange", onVisibility);
        around.removeEventListener?.("pagehide", onLeave);
        around.removeEventListener?.("pageshow", onBack);
      };
    },
    onIdleProcess(listener) {
      const { process } = around;
      if (process?.versions?.node === undefined) return () => undefined;
      process.on("beforeExit", listener);
      return () => void process.off("beforeExit", listener);
    },
  };
}
