import { type Entry, entryOf } from "./entry.ts";
import type { LocksLike } from "./platform.ts";
import type { TrackerStorage } from "./types.ts";

/** How long an owner that gives no sign of life is believed to live, milliseconds. */
const BELIEVED_MS = {
  /** Before it has its lock, which then tells. */
  withLocks: 5_000,
  /** Browsers let timers of pages in the background run once a minute. */
  withoutLocks: 150_000,
};

/** Follows the time in the sign of an owner that has its lock. */
const LOCKED = "locked";

/**
 * The part of a storage that keeps the buffers of all trackers of one API: `spillway:<url>:<owner>:<id>` holds an
 * activity, `spillway:<url>:<owner>` an owner's last sign of life. Each tracker is an owner of its own and touches only
 * its own keys, but for those of owners that are gone, which it takes over: gone is whose lock is free (Web Locks), or,
 * where there are no locks, who signed off or gave no sign for long.
 * Two that take over one owner at a time, which only can be without locks, send the same ids: stored once.
 */
export interface Shelf {
  readonly owner: string;
  /** Says that this owner lives, and takes its lock. */
  open(): void;
  /** Says it again; where there are no locks, it must be said at least every 60 s. */
  beat(): void;
  /** @returns the key under which the activity is kept, or null when it could not be. */
  put(id: string, text: string): string | null;
  /** Keeps an activity no longer. */
  remove(id: string): void;
  /**
   * Takes over what owners that are gone have left.
   * @param room says of each activity whether it is taken, is held already, or has to wait for a later time.
   * @param take gets what was taken from one owner, in order.
   */
  adopt(room: (entry: Entry) => Room, take: (entries: Entry[]) => void): Promise<void>;
  /** Signs off: whatever is left may be taken over at once. */
  leave(): void;
}

export type Room = "take" | "held" | "full";

export function createShelf({
  storage,
  url,
  owner,
  locks,
  now,
  report,
}: {
  storage: TrackerStorage;
  url: string;
  owner: string;
  locks: LocksLike | null;
  now: () => number;
  report: (message: string, cause?: unknown) => void;
}): Shelf {
  // Encoded, so that no address begins with another and a colon.
  const root = `spillway:${encodeURIComponent(url)}:`;
  let usableLocks = locks;
  let letGo = (): void => undefined;
  let open = false;
  let isLocked = false;

  /** A storage may throw at any call: full, forbidden, gone. */
  function attempt<T>(what: string, act: () => T, otherwise: T): T {
    try {
      return act();
    } catch (cause) {
      report(`the storage failed to ${what}`, cause);
      return otherwise;
    }
  }

  const keyOf = (id: string) => `${root}${owner}:${id}`;
  const write = (key: string, value: string) => attempt("keep an activity", () => (storage.setItem(key, value), true), false);
  const read = (key: string) => attempt<string | null>("give what it keeps", () => storage.getItem(key), null);
  const remove = (key: string) => attempt("remove what was sent", () => storage.removeItem(key), undefined);

  /** All owners there are, with the keys of their activities in the order in which these were made. */
  function owners(): Map<string, string[]> {
    return attempt(
      "list what it keeps",
      () => {
        const found = new Map<string, string[]>();
        for (let at = 0; at < storage.length; at += 1) {
          const key = storage.key(at);
          if (key === null || !key.startsWith(root)) continue;
          const [name = "", id] = key.slice(root.length).split(":");
          const keys = found.get(name) ?? [];
          found.set(name, keys);
          if (id !== undefined) keys.push(key);
        }
        for (const keys of found.values()) keys.sort();
        return found;
      },
      new Map<string, string[]>(),
    );
  }

  function livesBySign(name: string): boolean {
    const [at, mark] = read(root + name)?.split(" ") ?? [];
    // Whoever has its lock lives as long as it has it, and that is asked next.
    if (at === undefined || (usableLocks && mark === LOCKED)) return false;
    // One from the future is of another clock, and no sign of life.
    return Math.abs(now() - Number(at)) < (usableLocks ? BELIEVED_MS.withLocks : BELIEVED_MS.withoutLocks);
  }

  /** Under its own key first, so that the activity is there at each moment; in a storage that is full, in its old place. */
  function move(from: string, id: string, text: string): string | null {
    const to = keyOf(id);
    try {
      storage.setItem(to, text);
      storage.removeItem(from);
      return to;
    } catch {
      remove(from);
      return write(to, text) ? to : null;
    }
  }

  /** Takes what there is room for; with more than that, the owner stays as it is, to be looked at again. */
  function takeOver(name: string, room: (entry: Entry) => Room): Entry[] {
    const taken: Entry[] = [];
    for (const key of owners().get(name) ?? []) {
      const text = read(key);
      if (text === null) continue;
      const entry = entryOf(text, key);
      if (!entry) report(`the storage held something else than an activity under ${key}; it was removed`);
      const is = entry && room(entry);
      if (is === "full") return taken;
      if (!entry) {
        remove(key);
        continue;
      }
      // One that is held here may be kept nowhere else by now: another owner took it over from this one.
      const to = move(key, entry.id, text);
      if (is === "held") continue;
      entry.key = to;
      taken.push(entry);
    }
    remove(root + name);
    return taken;
  }

  async function underLock(name: string, act: () => void): Promise<void> {
    if (!usableLocks) return act();
    try {
      await usableLocks.request(root + name, { ifAvailable: true }, (lock) => {
        if (lock !== null) act();
      });
    } catch {
      usableLocks = null;
      act();
    }
  }

  function beat(): void {
    if (open) attempt("keep a sign of life", () => storage.setItem(root + owner, `${now()}${isLocked ? ` ${LOCKED}` : ""}`), undefined);
  }

  function holdLock(): Promise<void> {
    isLocked = true;
    beat();
    return new Promise((done) => (letGo = done));
  }

  return {
    owner,
    beat,
    open() {
      open = true;
      beat();
      // Locks may be forbidden here, such as to a frame without an origin.
      const doWithout = () => void (usableLocks = null);
      try {
        usableLocks?.request(root + owner, {}, () => (open ? holdLock() : undefined)).catch(doWithout);
      } catch {
        doWithout();
      }
    },
    put(id, text) {
      const key = keyOf(id);
      return write(key, text) ? key : null;
    },
    remove: (id) => remove(keyOf(id)),
    async adopt(room, take) {
      for (const name of owners().keys()) {
        if (name === owner || livesBySign(name)) continue;
        // Read under the lock: what is there may have changed while it was waited for.
        await underLock(name, () => take(takeOver(name, room)));
      }
    },
    leave() {
      if (!open) return;
      open = false;
      remove(root + owner);
      letGo();
    },
  };
}
