/** One time that a content was accepted under a key. `asked` and `answered` count requests' starts and ends together. */
export interface Acceptance {
  content: string;
  request: number;
  position: number;
  asked: number;
  answered: number;
}

const isBefore = (one: Acceptance, other: Acceptance): boolean =>
  one.request === other.request ? one.position < other.position : one.answered < other.asked;

/**
 * The contents that may be stored under a key, of all that were accepted for it: those that no other content surely came
 * after. Of requests that were under way at once either may be the last, and the queue drops a content that it was
 * given minutes before, so that one sent before and after another may be the older.
 */
export function lastContents(accepted: readonly Acceptance[]): Set<string> {
  if (accepted.length <= 1) return new Set(accepted.map(({ content }) => content));
  const times = Map.groupBy(accepted, ({ content }) => content);
  const isReplaced = (mine: readonly Acceptance[]) =>
    Array.from(times.values()).some((others) => others !== mine && others.every((other) => mine.every((one) => isBefore(one, other))));
  return new Set(Array.from(times).flatMap(([content, mine]) => (isReplaced(mine) ? [] : [content])));
}
