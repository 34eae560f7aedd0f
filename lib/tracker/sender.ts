import { type Answer, type Fate, type Meaning, meaningOf } from "./answer.ts";
import { arrayBytes, type Buffer } from "./buffer.ts";
import type { Entry } from "./entry.ts";
import { API_LIMITS } from "./options.ts";
import { pauseMs, slowPauseMs } from "./pause.ts";
import type { Cancel, Platform } from "./platform.ts";

/**
 * Most that a beacon carries, bytes: browsers take 64 KB for all that a page has under way when it goes (Fetch standard,
 * "keepalive"), and the page's own code may need some of it.
 */
const BEACON_BYTES = 60_000;

export interface SenderLimits {
  count: number;
  bytes: number;
  flushIntervalMs: number;
}

export interface Sender {
  /** Something was added to the buffer. */
  added(): void;
  /** Sends at once what is there. Resolves when each was tried and none is left that could be sent now. */
  flush(): Promise<void>;
  /** Goes on, through pauses too, until the buffer is empty or the time is up. Holds a Node process alive. */
  drain(withinMs: number): Promise<void>;
  /** Hands the oldest to the browser, which sends them when the page is gone. */
  beacon(): void;
  /** Starts or stops sending; a request under way goes on. */
  setRunning(running: boolean): void;
  /** Ends for good, a request under way too. */
  stop(): void;
}

/**
 * Sends the buffer, one request at a time: the next one is made from what the answer before left. So each request has
 * the oldest of every user in it, and no later activity of a user is ever under way while an earlier one may still fail.
 *
 * It is idle (nothing to send), waiting (a timer runs: for more to share the request, or a pause), or sending.
 * Pauses are for all (`pausedUntil`: the service is away or asks for it) or for one user (`holds`: the others go on).
 */
export function createSender({
  platform,
  buffer,
  limits,
  startRequest,
  sendBeacon,
  settle,
  report,
}: {
  platform: Platform;
  buffer: Buffer;
  limits: SenderLimits;
  startRequest: (batch: readonly Entry[]) => { answer: Promise<Answer>; stop: (reason: string) => void };
  /** @returns whether the browser took it. */
  sendBeacon: (batch: readonly Entry[]) => boolean;
  /** An activity has its last verdict: it is to leave the buffer. */
  settle: (entry: Entry, fate: Exclude<Fate, { kind: "again" }>) => void;
  report: (message: string, status?: number, cause?: unknown) => void;
}): Sender {
  const { random } = platform;
  let running = false;
  let stopped = false;
  let underWay: { stop: (reason: string) => void } | null = null;
  let timer: { at: number; cancel: Cancel } | null = null;

  let failures = 0;
  let pausedUntil = 0;
  let isShut = false;
  const holds = new Map<string, { failures: number; until: number }>();
  /** What a request may hold: less than the limits, where something on the way takes less. */
  let { count, bytes } = limits;

  const flushes = new Set<{ upTo: string; done: () => void }>();
  const drains = new Set<() => void>();

  const isUrgent = () => flushes.size > 0 || drains.size > 0 || buffer.size() >= count || buffer.bytes() >= bytes;

  function holding(): (userId: string) => boolean {
    // One moment for a whole selection: a hold that ends in its midst would let a later activity pass an earlier one.
    const now = platform.elapsed();
    return (userId) => (holds.get(userId)?.until ?? 0) > now;
  }

  function wakeAt(at: number): void {
    if (timer && timer.at <= at) return;
    timer?.cancel();
    const cancel = platform.after(
      Math.max(0, at - platform.elapsed()),
      () => {
        timer = null;
        next();
      },
      flushes.size > 0,
    );
    timer = { at, cancel };
  }

  /** After a pause there is no waiting for others to share the request. */
  function wakeForMore(): void {
    const now = platform.elapsed();
    wakeAt(pausedUntil > now ? pausedUntil : now + (isUrgent() ? 0 : limits.flushIntervalMs));
  }

  /** Ends the flushes that can do no more now, and the drains that have nothing left. */
  function release(): void {
    const isPaused = stopped || !running || platform.elapsed() < pausedUntil;
    const isHeld = holding();
    for (const flush of flushes) {
      if (!isPaused && buffer.all().some(({ id, userId }) => id <= flush.upTo && !isHeld(userId))) continue;
      flushes.delete(flush);
      flush.done();
    }
    if (!stopped && buffer.size() > 0) return;
    for (const done of drains) done();
    drains.clear();
  }

  function next(): void {
    if (underWay || stopped || !running) return;
    const now = platform.elapsed();
    if (now < pausedUntil) return wakeAt(pausedUntil);
    const isHeld = holding();
    const batch = buffer.select({ count, bytes, isHeld });
    if (batch.length > 0) {
      // Nothing in it is known to throw; if it does, the loop goes on.
      send(batch).catch((cause: unknown) => {
        underWay = null;
        report("sending failed", undefined, cause);
        pause(0);
        wakeAt(pausedUntil);
      });
      return;
    }
    const ends = buffer.all().map(({ userId }) => holds.get(userId)?.until ?? now);
    if (ends.length > 0) wakeAt(Math.min(...ends));
  }

  async function send(batch: readonly Entry[]): Promise<void> {
    timer?.cancel();
    timer = null;
    const request = startRequest(batch);
    underWay = request;
    const answer = await request.answer;
    underWay = null;
    if (stopped) return;
    const meaning = meaningOf(answer, batch, platform.now());
    const status = answer.kind === "answer" ? answer.status : undefined;
    if ("message" in meaning) report(meaning.message, status, answer.kind === "none" ? answer.cause : undefined);
    obey(meaning, batch);
    release();
    if (buffer.size() > 0) wakeForMore();
  }

  function obey(meaning: Meaning, batch: readonly Entry[]): void {
    isShut = meaning.kind === "shut";
    switch (meaning.kind) {
      case "fates":
        return take(meaning, batch);
      case "again":
        return pause(meaning.askedMs);
      case "shut":
        pausedUntil = platform.elapsed() + slowPauseMs({ askedMs: meaning.askedMs, random });
        return;
      case "too_large":
        if (batch.length === 1) return refuse(batch, meaning.message);
        bytes = Math.max(1, Math.floor(arrayBytes(batch) / 2));
        return;
      case "spoilt":
        if (batch.length === 1) return refuse(batch, meaning.message);
        count = Math.floor(batch.length / 2);
    }
  }

  function take({ fates, away, askedMs }: Extract<Meaning, { kind: "fates" }>, batch: readonly Entry[]): void {
    const unsettled = new Set<string>();
    let settled = 0;
    for (const [at, entry] of batch.entries()) {
      const fate = fates[at] ?? { kind: "again" };
      if (fate.kind === "again") unsettled.add(entry.userId);
      else {
        settled += 1;
        settle(entry, fate);
      }
    }
    for (const { userId } of batch) if (!unsettled.has(userId)) holds.delete(userId);
    if (settled > 0) {
      failures = 0;
      count = Math.min(limits.count, count * 2);
    }
    if (away) return pause(askedMs);
    const now = platform.elapsed();
    for (const userId of unsettled) {
      const failures = (holds.get(userId)?.failures ?? 0) + 1;
      holds.set(userId, { failures, until: now + pauseMs({ failures, askedMs, random }) });
    }
  }

  function pause(askedMs: number): void {
    failures += 1;
    pausedUntil = platform.elapsed() + pauseMs({ failures, askedMs, random });
  }

  function refuse([entry]: readonly Entry[], reason: string): void {
    if (!entry) return;
    holds.delete(entry.userId);
    settle(entry, { kind: "refused", reason });
  }

  return {
    added() {
      if (running && !underWay) wakeForMore();
    },
    flush() {
      const upTo = buffer.all().at(-1)?.id;
      if (upTo === undefined || stopped) return Promise.resolve();
      return new Promise((done) => {
        flushes.add({ upTo, done });
        if (!underWay) {
          release();
          if (flushes.size > 0) next();
        }
      });
    },
    drain(withinMs) {
      if (buffer.size() === 0 || stopped) return Promise.resolve();
      return new Promise((done) => {
        const finish = () => {
          cancel();
          drains.delete(finish);
          done();
        };
        const cancel = platform.after(withinMs, finish, true);
        drains.add(finish);
        next();
      });
    },
    beacon() {
      if (stopped || isShut) return;
      // From the oldest on, with those that are under way: they may fail, and must not be overtaken.
      const batch = buffer.select({ count: API_LIMITS.activities, bytes: Math.min(bytes, BEACON_BYTES), isHeld: holding() });
      const isKept = batch.every(({ key }) => key !== null);
      if (batch.every(({ beaconed }) => beaconed) || (isKept && platform.elapsed() < pausedUntil)) return;
      if (arrayBytes(batch) <= BEACON_BYTES && sendBeacon(batch)) for (const entry of batch) entry.beaconed = true;
    },
    setRunning(is) {
      running = is && !stopped;
      if (running) {
        if (buffer.size() > 0) wakeForMore();
        return;
      }
      timer?.cancel();
      timer = null;
      release();
    },
    stop() {
      running = false;
      stopped = true;
      timer?.cancel();
      timer = null;
      underWay?.stop("the tracker was closed");
      release();
    },
  };
}
