/**
 * A clock that follows another one and never runs backwards: where that one is set back, no time passes for a
 * moment and then time goes on, instead of standing still until the old time is reached again.
 * @param startMs not before this time (the last one of a journal).
 */
export function steadyClock(source: () => number, startMs: number): () => number {
  let before = source();
  let now = Math.max(before, startMs);
  return () => {
    const read = source();
    now += Math.max(0, read - before);
    before = read;
    return now;
  };
}
