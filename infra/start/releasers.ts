/** Releasers, run last in, first out; each runs even when another fails. */
export function releasers() {
  const stack: (() => Promise<unknown> | void)[] = [];
  return {
    /** Keeps what has a close() and gives it back. */
    add<T extends { close(): Promise<unknown> }>(started: T): T {
      stack.push(() => started.close());
      return started;
    },
    push: (release: () => Promise<unknown> | void) => stack.push(release),
    async run(): Promise<void> {
      const errors: unknown[] = [];
      for (let release = stack.pop(); release; release = stack.pop()) {
        try {
          await release();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, "could not stop everything");
    },
  };
}
