/** Lets so many at once through, the others in the order in which they came. */
export function createSlots(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async take(): Promise<void> {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    /** Must follow every `take`. */
    give(): void {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}
