/** A binary min-heap. Entries that went stale are the caller's to recognise when they come out. */
export interface Heap<Entry> {
  readonly size: number;
  push(entry: Entry): void;
  peek(): Entry | undefined;
  pop(): Entry | undefined;
  /** Keeps the entries that pass, in O(n). */
  retain(keep: (entry: Entry) => boolean): void;
}

/** @param before true when the first entry must come out before the second. */
export function createHeap<Entry>(before: (left: Entry, right: Entry) => boolean): Heap<Entry> {
  let entries: Entry[] = [];

  function siftUp(start: number, entry: Entry): void {
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex] as Entry;
      if (!before(entry, parent)) break;
      entries[index] = parent;
      index = parentIndex;
    }
    entries[index] = entry;
  }

  function siftDown(start: number, entry: Entry): void {
    const half = entries.length >> 1;
    let index = start;
    while (index < half) {
      let childIndex = 2 * index + 1;
      const right = childIndex + 1;
      if (right < entries.length && before(entries[right] as Entry, entries[childIndex] as Entry)) childIndex = right;
      const child = entries[childIndex] as Entry;
      if (!before(child, entry)) break;
      entries[index] = child;
      index = childIndex;
    }
    entries[index] = entry;
  }

  return {
    get size() {
      return entries.length;
    },
    push(entry) {
      entries.push(entry);
      siftUp(entries.length - 1, entry);
    },
    peek: () => entries[0],
    pop() {
      const first = entries[0];
      const last = entries.pop();
      if (entries.length > 0) siftDown(0, last as Entry);
      return first;
    },
    retain(keep) {
      entries = entries.filter(keep);
      for (let index = (entries.length >> 1) - 1; index >= 0; index -= 1) siftDown(index, entries[index] as Entry);
    },
  };
}
