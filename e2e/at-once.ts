/**
 * Does the same with each of many, several under way at a time: for requests that have nothing to do with each other.
 * The first that fails ends it.
 */
export async function eachOf<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
