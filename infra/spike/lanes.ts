/**
 * Queues that keep order per key: all of one key go through one lane, and a lane hands out its next batch only after
 * the one before was given back.
 */
export interface Lanes<T> {
  push(item: T): void;
  /** No more will be pushed: takers get what is left, then null. */
  end(): void;
  /** Waits for the lane's next batch; null when nothing will come any more. */
  take(lane: number): Promise<T[] | null>;
  /** Items pushed and not taken. */
  waiting(): number;
  /** Resolves when fewer than `count` wait. */
  room(count: number): Promise<void>;
}

/** Makes `count` lanes; a key's hash decides its lane. */
export function createLanes<T>({
  count,
  keyOf,
  bytesOf,
  maxItems,
  maxBytes,
}: {
  count: number;
  keyOf: (item: T) => string;
  bytesOf: (item: T) => number;
  /** Most items of one batch. */
  maxItems: number;
  /** Most bytes of one batch; a larger item goes alone. */
  maxBytes: number;
}): Lanes<T> {
  const queues: T[][] = Array.from({ length: count }, () => []);
  const wakers = new Map<number, () => void>();
  let roomWakers: { count: number; wake: () => void }[] = [];
  let waiting = 0;
  let ended = false;

  /** FNV-1a: any spread will do. */
  function laneOf(key: string): number {
    let hash = 0x811c9dc5;
    for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
    return (hash >>> 0) % count;
  }

  function wake(lane: number): void {
    const waker = wakers.get(lane);
    wakers.delete(lane);
    waker?.();
  }

  function cut(queue: T[]): T[] {
    let size = 0;
    let bytes = 0;
    for (const item of queue) {
      bytes += bytesOf(item);
      if (size >= maxItems || (size > 0 && bytes > maxBytes)) break;
      size += 1;
    }
    return queue.splice(0, size);
  }

  return {
    push(item) {
      const lane = laneOf(keyOf(item));
      queues[lane]?.push(item);
      waiting += 1;
      wake(lane);
    },
    end() {
      ended = true;
      for (const lane of queues.keys()) wake(lane);
    },
    async take(lane) {
      const queue = queues[lane] ?? [];
      while (queue.length === 0) {
        if (ended) return null;
        await new Promise<void>((resolve) => wakers.set(lane, resolve));
      }
      const batch = cut(queue);
      waiting -= batch.length;
      const [ready, still] = [roomWakers.filter((one) => waiting < one.count), roomWakers.filter((one) => waiting >= one.count)];
      roomWakers = still;
      for (const one of ready) one.wake();
      return batch;
    },
    waiting: () => waiting,
    async room(count) {
      if (waiting >= count) await new Promise<void>((resolve) => roomWakers.push({ count, wake: resolve }));
    },
  };
}
