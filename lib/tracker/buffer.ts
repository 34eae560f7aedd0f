import type { Entry } from "./entry.ts";

export interface Selection {
  count: number;
  bytes: number;
  /** Users that are passed over. */
  isHeld: (userId: string) => boolean;
}

/** Activities that are not yet known to be queued, in the order in which they are sent; bounded by number and bytes. */
export interface Buffer {
  size(): number;
  bytes(): number;
  has(id: string): boolean;
  fits(entry: Entry, beside?: { count: number; bytes: number }): boolean;
  add(entry: Entry): void;
  /** Puts what earlier pages left before all that came here, by the time that their ids carry. */
  addEarlier(entries: readonly Entry[]): void;
  remove(id: string): void;
  /** Oldest first. */
  all(): Entry[];
  /**
   * The oldest that go together into one request; at least one, however large, where any is not held. A user is passed
   * over from the first activity on that does not fit, so that none is overtaken.
   */
  select(selection: Selection): Entry[];
}

/** Brackets and commas of a JSON array. */
export const arrayBytes = (entries: readonly Entry[]) => entries.reduce((sum, { bytes }) => sum + bytes + 1, 1);

export function createBuffer({ maxCount, maxBytes }: { maxCount: number; maxBytes: number }): Buffer {
  let earlier = new Map<string, Entry>();
  const own = new Map<string, Entry>();
  let held = 0;

  function* inOrder(): Generator<Entry> {
    yield* earlier.values();
    yield* own.values();
  }

  return {
    size: () => earlier.size + own.size,
    bytes: () => held,
    has: (id) => earlier.has(id) || own.has(id),
    fits: (entry, beside = { count: 0, bytes: 0 }) => earlier.size + own.size + beside.count < maxCount && held + beside.bytes + entry.bytes <= maxBytes,
    add(entry) {
      own.set(entry.id, entry);
      held += entry.bytes;
    },
    addEarlier(entries) {
      const all = [...earlier.values(), ...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
      earlier = new Map(all.map((entry) => [entry.id, entry]));
      for (const { bytes } of entries) held += bytes;
    },
    remove(id) {
      held -= (earlier.get(id) ?? own.get(id))?.bytes ?? 0;
      if (!earlier.delete(id)) own.delete(id);
    },
    all: () => [...inOrder()],
    select({ count, bytes, isHeld }) {
      const selected: Entry[] = [];
      const passedOver = new Set<string>();
      let size = 1;
      for (const entry of inOrder()) {
        if (selected.length >= count || size >= bytes) break;
        if (passedOver.has(entry.userId)) continue;
        const fits = selected.length === 0 || size + entry.bytes + 1 <= bytes;
        if (!fits || isHeld(entry.userId)) {
          passedOver.add(entry.userId);
          continue;
        }
        selected.push(entry);
        size += entry.bytes + 1;
      }
      return selected;
    },
  };
}
