interface Planned {
  atMs: number;
  order: number;
  callback: (() => void) | null;
}

export type Scheduler = ReturnType<typeof createScheduler>;

/**
 * Virtual time: what is planned happens in the order of its time, ties in the order of planning, and all promises
 * settle between two happenings. Nothing else makes anything happen, so a run is a function of its seed.
 */
export function createScheduler() {
  const heap: Planned[] = [];
  let nowMs = 0;
  let order = 0;
  let steps = 0;
  const before = (a: Planned, b: Planned) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  function push(planned: Planned): void {
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(planned, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  function pop(): Planned | undefined {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let least = left;
      if (right !== undefined && before(right, left)) {
        child += 1;
        least = right;
      }
      if (!before(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return top;
  }

  return {
    /** Milliseconds since the start. */
    now: () => nowMs,
    /** Happenings so far: names a moment of a run. */
    step: () => steps,

    /** Plans a happening `inMs` from now. @returns what cancels it. */
    after(inMs: number, callback: () => void): () => void {
      order += 1;
      const planned: Planned = { atMs: nowMs + Math.max(0, inMs), order, callback };
      push(planned);
      return () => {
        planned.callback = null;
      };
    },

    /**
     * Lets time pass until `over` says so after a happening, or nothing is planned.
     * @throws whatever a happening throws.
     */
    run(over: () => boolean): Promise<void> {
      return new Promise((resolve, reject) => {
        const turn = () => {
          try {
            let next = pop();
            while (next !== undefined && next.callback === null) next = pop();
            if (next === undefined) {
              resolve();
              return;
            }
            nowMs = next.atMs;
            steps += 1;
            next.callback?.();
          } catch (thrown) {
            reject(thrown);
            return;
          }
          setImmediate(look); // promises settle in between
        };
        const look = () => {
          if (over()) resolve();
          else turn();
        };
        turn();
      });
    },
  };
}
