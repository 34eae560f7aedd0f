/**
 * Entries that live for a fixed time, kept in order of arrival. The order stands in an array with a moving head:
 * deleting from the front of a large Map and asking for its first key again would walk over the holes.
 */
export interface ExpiringMap<Value> {
  /** The value, unless it has expired at `now` (milliseconds). */
  get(key: string, now: number): Value | undefined;
  /** Puts a value, alive from `now`; times must not decrease. */
  set(key: string, value: Value, now: number): void;
  delete(key: string): void;
  readonly size: number;
  /** Living entries, oldest first. */
  entries(): Iterable<{ key: string; value: Value; since: number }>;
}

interface Entry<Value> {
  key: string;
  value: Value;
  since: number;
}

/** @param lifetimeMs an entry is gone when this much time has passed since it was set. */
export function createExpiringMap<Value>(lifetimeMs: number): ExpiringMap<Value> {
  const byKey = new Map<string, Entry<Value>>();
  let order: Entry<Value>[] = [];
  let head = 0;

  function dropExpired(now: number): void {
    for (let entry = order[head]; entry && now - entry.since >= lifetimeMs; entry = order[head]) {
      if (byKey.get(entry.key) === entry) byKey.delete(entry.key);
      head += 1;
    }
    if (head > 1_000 && head * 2 > order.length) {
      order = order.slice(head);
      head = 0;
    }
  }

  return {
    get size() {
      return byKey.size;
    },
    get(key, now) {
      dropExpired(now);
      return byKey.get(key)?.value;
    },
    set(key, value, now) {
      dropExpired(now);
      const entry = { key, value, since: now };
      byKey.set(key, entry);
      order.push(entry);
    },
    delete(key) {
      byKey.delete(key);
    },
    *entries() {
      for (let index = head; index < order.length; index += 1) {
        const entry = order[index];
        if (entry && byKey.get(entry.key) === entry) yield entry;
      }
    },
  };
}
