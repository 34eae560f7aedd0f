import type { Fate } from "./answer.ts";
import { createBuffer } from "./buffer.ts";
import { activityOf, type Entry, newEntry } from "./entry.ts";
import { readOptions, type Settings } from "./options.ts";
import type { Platform } from "./platform.ts";
import { startRequest } from "./request.ts";
import { createSender } from "./sender.ts";
import { createShelf, type Shelf } from "./shelf.ts";
import type { ActivityToTrack, Tracker, TrackerOptions, TrackerProblem, TrackerStorage } from "./types.ts";

/** How often a tracker with a storage says that it lives and looks for what others left, milliseconds. */
const ROUND_MS = 30_000;
/** Longest that sending waits for what an earlier page left, milliseconds: that is older, and goes first. */
const ADOPTION_MS = 2_000;

/** Reports to the host, whose callbacks may throw as they like. */
function createReports({ onError, onRefused, onDropped }: TrackerOptions) {
  function call<T>(callback: ((value: T) => void) | undefined, value: T): void {
    if (typeof callback !== "function") return;
    try {
      callback(value);
    } catch (cause) {
      if (callback !== (onError as unknown)) problem({ kind: "callback", message: "a callback threw", cause });
    }
  }
  const problem = (one: TrackerProblem): void => call(onError, one);
  return {
    problem,
    refused: (entry: Entry, { field, reason }: { field?: string; reason: string }) => call(onRefused, { activity: activityOf(entry), ...(field !== undefined && { field }), reason }),
    dropped: (entry: Entry, total: number) => call(onDropped, { activity: activityOf(entry), reason: "buffer_full", total }),
  };
}
type Reports = ReturnType<typeof createReports>;

/** Starts a tracker in a page, a process or a test's world. Never throws. @param makeId makes ids that only grow. */
export function startTracker(options: TrackerOptions, { platform, makeId }: { platform: Platform; makeId: () => string }): Tracker {
  let reports: Reports | undefined;
  try {
    reports = createReports(options);
    return start({ settings: readOptions(options), storage: storageOf(options, reports), reports, platform, makeId });
  } catch (cause) {
    const problem: TrackerProblem = { kind: "options", message: `the tracker takes nothing: ${messageOf(cause)}`, cause };
    const complain = () => reports?.problem(problem);
    complain();
    return {
      track: () => (complain(), null),
      flush: () => Promise.resolve(0),
      close: () => Promise.resolve(0),
      state: () => ({ activities: 0, bytes: 0, dropped: 0 }),
    };
  }
}

/** A browser may throw at the mere mention of its storage. */
function storageOf({ storage }: TrackerOptions, { problem }: Reports): TrackerStorage | undefined {
  if (typeof storage !== "function") return storage ?? undefined;
  try {
    return storage() ?? undefined;
  } catch (cause) {
    problem({ kind: "storage", message: `there is no storage: ${messageOf(cause)}`, cause });
    return undefined;
  }
}

function start({
  settings,
  storage,
  reports,
  platform,
  makeId,
}: {
  settings: Settings;
  storage: TrackerStorage | undefined;
  reports: Reports;
  platform: Platform;
  makeId: () => string;
}): Tracker {
  const { endpoint, apiKey } = settings;
  const buffer = createBuffer({ maxCount: settings.maxBufferedActivities, maxBytes: settings.maxBufferedBytes });
  const newShelf = (): Shelf | null =>
    storage
      ? createShelf({
          storage,
          url: endpoint,
          owner: makeId(),
          locks: platform.locks,
          now: platform.now,
          report: (message, cause) => reports.problem({ kind: "storage", message, cause }),
        })
      : null;
  let shelf = newShelf();
  let dropped = 0;
  let closed: Promise<number> | null = null;
  let hasTriedToEnd = false;

  function settle(entry: Entry, fate: Exclude<Fate, { kind: "again" }>): void {
    buffer.remove(entry.id);
    shelf?.remove(entry.id);
    if (fate.kind === "refused") reports.refused(entry, fate);
  }

  const sender = createSender({
    platform,
    buffer,
    limits: { count: settings.maxBatchActivities, bytes: settings.maxBatchBytes, flushIntervalMs: settings.flushIntervalMs },
    startRequest: (batch) => startRequest({ platform, url: endpoint, apiKey, body: `[${textOf(batch, ",")}]`, timeoutMs: settings.requestTimeoutMs }),
    sendBeacon: (batch) => {
      try {
        // A beacon has no headers: its first line is the key. As plain text it needs no preflight, for which no time is left.
        return platform.beacon?.(settings.beaconEndpoint, `${JSON.stringify({ key: apiKey })}\n${textOf(batch, "\n")}`) ?? false;
      } catch {
        return false;
      }
    },
    settle,
    report: (message, status, cause) => reports.problem({ kind: "request", message, ...(status !== undefined && { status }), ...(cause !== undefined && { cause }) }),
  });

  /** Takes over what others have left. */
  async function adopt(mine: Shelf): Promise<void> {
    let chunk = { count: 0, bytes: 0 };
    const room = (entry: Entry) => {
      if (buffer.has(entry.id)) return "held";
      if (shelf !== mine || !buffer.fits(entry, chunk)) return "full";
      chunk = { count: chunk.count + 1, bytes: chunk.bytes + entry.bytes };
      return "take";
    };
    await mine.adopt(room, (entries) => {
      chunk = { count: 0, bytes: 0 };
      buffer.addEarlier(entries);
      if (entries.length > 0) sender.added();
    });
  }

  /** Starts with what earlier pages left, which is older: only then is anything sent. */
  async function open(mine: Shelf): Promise<void> {
    const late = new Promise<void>((done) => platform.after(ADOPTION_MS, done, false));
    mine.open();
    await Promise.race([adopt(mine).catch(() => undefined), late]);
    if (shelf === mine && !isLeft) sender.setRunning(true);
  }

  /** One look at a time: locks may keep it waiting. */
  function lookAround(mine: Shelf): void {
    if (isLooking) return;
    isLooking = true;
    adopt(mine)
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  }

  function everyRound(): void {
    cancelRound = platform.after(
      ROUND_MS,
      () => {
        if (shelf && !isLeft) {
          shelf.beat();
          lookAround(shelf);
        }
        everyRound();
      },
      false,
    );
  }

  let isLeft = false;
  let isLooking = false;
  let ready = Promise.resolve();
  let cancelRound = (): void => undefined;
  if (shelf) {
    ready = open(shelf).catch(() => undefined);
    everyRound();
  } else sender.setRunning(true);

  /** The page may never have another turn: others may have what it keeps. */
  function hidden(left: boolean): void {
    sender.beacon();
    if (!left) return;
    isLeft = true;
    sender.setRunning(false);
    shelf?.leave();
  }

  /** Back from the browser's cache of pages: what was kept may be another's by now, so it is looked for afresh. */
  function shown(wasLeft: boolean): void {
    for (const entry of buffer.all()) entry.beaconed = false;
    if (!wasLeft || !isLeft) return;
    isLeft = false;
    if (!shelf) return sender.setRunning(true);
    for (const { id, key } of buffer.all()) if (key !== null) buffer.remove(id);
    shelf = newShelf();
    if (shelf) ready = open(shelf).catch(() => undefined);
  }

  const unhookPage = platform.onPage({ hidden, shown });
  const unhookProcess = platform.onIdleProcess(() => {
    if (hasTriedToEnd || buffer.size() === 0) return;
    hasTriedToEnd = true;
    void sender.drain(settings.closeTimeoutMs);
  });

  async function end(): Promise<number> {
    await ready;
    await sender.drain(settings.closeTimeoutMs);
    sender.stop();
    unhookPage();
    unhookProcess();
    cancelRound();
    shelf?.leave();
    return buffer.size();
  }

  return {
    track(activity: ActivityToTrack) {
      let entry: Entry;
      try {
        if (closed) throw new Error("the tracker is closed");
        entry = newEntry(activity, { makeId, nowMs: platform.now() });
      } catch (cause) {
        reports.problem({ kind: "input", message: `not an activity: ${messageOf(cause)}`, cause });
        return null;
      }
      if (!buffer.fits(entry)) {
        dropped += 1;
        reports.dropped(entry, dropped);
        return null;
      }
      entry.key = shelf?.put(entry.id, entry.text) ?? null;
      buffer.add(entry);
      hasTriedToEnd = false;
      sender.added();
      return entry.id;
    },
    async flush() {
      await ready;
      await sender.flush();
      return buffer.size();
    },
    close() {
      closed ??= end();
      return closed;
    },
    state: () => ({ activities: buffer.size(), bytes: buffer.bytes(), dropped }),
  };
}

const textOf = (batch: readonly Entry[], between: string) => batch.map(({ text }) => text).join(between);

/** Text of whatever was thrown, which may be anything, even something that throws when it is read. */
function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "something that cannot be read was thrown";
  }
}
