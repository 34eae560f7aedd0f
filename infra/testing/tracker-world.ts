import type { AnswerLike, LocksLike, Platform, RequestInitLike } from "#lib/tracker/platform.ts";
import { createIds } from "#lib/tracker/ids.ts";
import { startTracker } from "#lib/tracker/start.ts";
import type { Drop, Refusal, TrackedActivity, Tracker, TrackerOptions, TrackerProblem, TrackerStorage } from "#lib/tracker/types.ts";

/** The moment at which a world begins. */
export const WORLD_BEGINS_MS = Date.UTC(2026, 0, 31, 12);
export const API_URL = "https://activities.example";
export const API_KEY = "sw_live_test";

/** A storage as a browser's, which may be told to throw. */
export function createStorage() {
  const map = new Map<string, string>();
  let fault: ((method: string, key: string) => boolean) | null = null;
  const guard = (method: string, key: string) => {
    if (fault?.(method, key) === true) throw new DOMException("the storage is full", "QuotaExceededError");
  };
  const storage: TrackerStorage = {
    get length() {
      guard("length", "");
      return map.size;
    },
    key: (at) => [...map.keys()][at] ?? null,
    getItem(key) {
      guard("getItem", key);
      return map.get(key) ?? null;
    },
    setItem(key, value) {
      guard("setItem", key);
      map.set(key, value);
    },
    removeItem(key) {
      guard("removeItem", key);
      map.delete(key);
    },
  };
  return {
    map,
    storage,
    fail: (when: ((method: string, key: string) => boolean) | null) => {
      fault = when;
    },
    /** Activities that it keeps. */
    kept: () => [...map].flatMap(([key, text]) => (key.split(":").length === 4 ? [(JSON.parse(text) as TrackedActivity).id] : [])),
  };
}

/** One request as the API gets it. */
export interface Sent {
  page: number;
  at: number;
  isBeacon: boolean;
  key: string;
  texts: string[];
  activities: TrackedActivity[];
  signal: AbortSignal | null;
}

export interface FakeAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What becomes of a request: an answer, a failure (an Error), or nothing ever. */
export type Serve = (sent: Sent) => FakeAnswer | Error | "silence" | Promise<FakeAnswer | Error | "silence">;

export interface Page {
  number: number;
  tracker: Tracker;
  problems: TrackerProblem[];
  refusals: Refusal[];
  drops: Drop[];
  /** The person looks elsewhere, or comes back. */
  hide(): void;
  show(): void;
  /** The page goes: for good, or into the browser's cache of pages. */
  leave(into: "nothing" | "cache"): void;
  comeBack(): void;
  /** It ends without a word. */
  kill(): void;
  /** The process has nothing more to do. */
  idle(): void;
}

/** Verdicts that accept all of a request. */
export const acceptAll: Serve = ({ activities }) => ({
  status: 202,
  body: { results: activities.map(({ id, occurredAt }) => ({ status: "accepted", id, occurredAt })) },
});

/** Splits the text of a JSON array of activities, as they were written. */
function textsOf(body: string, isBeacon: boolean): { key: string | null; texts: string[] } {
  if (!isBeacon) return { key: null, texts: (JSON.parse(body) as unknown[]).map((one) => JSON.stringify(one)) };
  const [first = "", ...texts] = body.split("\n");
  return { key: (JSON.parse(first) as { key: string }).key, texts };
}

/** Pages, their storage and an API, in a time of their own. */
export function createWorld({ serve = acceptAll, withLocks = true }: { serve?: Serve; withLocks?: boolean } = {}) {
  let time = 0;
  let order = 0;
  let server = serve;
  let seed = 1;
  let timers: { at: number; order: number; page: number; action: () => void }[] = [];
  const requests: Sent[] = [];
  const disk = createStorage();
  const locks = new Map<string, number>();
  let pages = 0;
  const dead = new Set<number>();
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };

  function locksOf(page: number): LocksLike {
    return {
      async request(name, { ifAvailable }, held) {
        await Promise.resolve();
        if (dead.has(page)) return;
        const isTaken = locks.has(name) && !dead.has(locks.get(name) ?? 0);
        if (isTaken && ifAvailable !== true) throw new Error("nobody waits for a lock here");
        if (isTaken) return held(null);
        locks.set(name, page);
        await held({ name });
        locks.delete(name);
      },
    };
  }

  async function ask(page: number, init: Pick<RequestInitLike, "body"> & { signal: AbortSignal | null }, key: string | null): Promise<AnswerLike> {
    const { key: inBody, texts } = textsOf(init.body, key === null);
    const sent: Sent = {
      page,
      at: time,
      isBeacon: key === null,
      key: key ?? inBody ?? "",
      texts,
      activities: texts.map((text) => JSON.parse(text) as TrackedActivity),
      signal: init.signal,
    };
    requests.push(sent);
    const answer = await server(sent);
    if (answer === "silence" || dead.has(page)) return new Promise(() => undefined);
    if (answer instanceof Error) throw answer;
    const headers = new Map(Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
    return { status: answer.status, headers: { get: (name) => headers.get(name) ?? null }, text: () => Promise.resolve(text) };
  }

  return {
    requests,
    disk,
    random,
    seed: (to: number) => {
      seed = 1 + (Math.abs(to) % 2_147_483_646);
    },
    time: () => time,
    serve: (next: Serve) => {
      server = next;
    },
    settled,

    /** Lets time pass, timer by timer. */
    async pass(ms: number): Promise<void> {
      const end = time + ms;
      for (;;) {
        await settled();
        timers.sort((a, b) => a.at - b.at || a.order - b.order);
        const next = timers[0];
        if (!next || next.at > end) break;
        timers.shift();
        time = Math.max(time, next.at);
        next.action();
      }
      time = end;
    },

    open(options: Partial<TrackerOptions> = {}, change: Partial<Platform> = {}): Page {
      pages += 1;
      const number = pages;
      let listeners: Parameters<Platform["onPage"]>[0] | null = null;
      let onIdle = (): void => undefined;
      const problems: TrackerProblem[] = [];
      const refusals: Refusal[] = [];
      const drops: Drop[] = [];
      const platform: Platform = {
        now: () => WORLD_BEGINS_MS + time,
        elapsed: () => time,
        random,
        fillRandom: (bytes) => bytes.forEach((_, at) => (bytes[at] = Math.floor(random() * 256))),
        fetch: (url, init) => {
          if (url !== `${API_URL}/v1/activities`) throw new Error(`nothing is at ${url}`);
          return ask(number, init, init.headers.Authorization?.replace("Bearer ", "") ?? "");
        },
        beacon: (url, body) => {
          if (url !== `${API_URL}/v1/beacon` || body.length > 65_536) return false;
          void ask(number, { body, signal: null }, null).catch(() => undefined);
          return true;
        },
        locks: withLocks ? locksOf(number) : null,
        after(delayMs, action) {
          const timer = { at: time + delayMs, order: order++, page: number, action };
          if (!dead.has(number)) timers.push(timer);
          return () => {
            timers = timers.filter((one) => one !== timer);
          };
        },
        onPage(given) {
          listeners = given;
          return () => (listeners = null);
        },
        onIdleProcess(listener) {
          onIdle = listener;
          return () => (onIdle = () => undefined);
        },
        ...change,
      };
      const tracker = startTracker(
        {
          url: API_URL,
          apiKey: API_KEY,
          onError: (problem) => problems.push(problem),
          onRefused: (refusal) => refusals.push(refusal),
          onDropped: (drop) => drops.push(drop),
          ...options,
        },
        { platform, makeId: createIds(platform) },
      );
      const kill = () => {
        dead.add(number);
        timers = timers.filter(({ page }) => page !== number);
      };
      return {
        number,
        tracker,
        problems,
        refusals,
        drops,
        hide: () => listeners?.hidden(false),
        show: () => listeners?.shown(false),
        leave(into) {
          listeners?.hidden(false);
          listeners?.hidden(true);
          if (into === "nothing") kill();
        },
        comeBack: () => listeners?.shown(true),
        kill,
        idle: () => onIdle(),
      };
    },
  };
}
export type World = ReturnType<typeof createWorld>;
