import { expect, test } from "vitest";
import { createHashingTurns } from "./hashing-turns.ts";

/** Acts that end when they are told to. */
function acts() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    act: (name: string) => async () => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    },
    end: (name: string) => ends.get(name)?.resolve(name),
    fail: (name: string) => ends.get(name)?.reject(new Error(name)),
  };
}

test("so many at once, so many in line, and no more", async () => {
  const turns = createHashingTurns({ atOnce: 2, waiting: 2 });
  const { act, begun, end } = acts();
  const results = ["a", "b", "c", "d"].map((name) => turns.run(act(name)));
  expect(await turns.run(act("e"))).toBeNull();
  expect(begun).toEqual(["a", "b"]);
  end("b");
  expect(await results[1]).toBe("b");
  expect(begun).toEqual(["a", "b", "c"]);
  // A place in the line is free again.
  const late = turns.run(act("f"));
  for (const name of ["a", "c"]) end(name);
  expect(await Promise.all([results[0], results[2]])).toEqual(["a", "c"]);
  expect(begun).toEqual(["a", "b", "c", "d", "f"]);
  for (const name of ["d", "f"]) end(name);
  expect(await Promise.all([results[3], late])).toEqual(["d", "f"]);
});

test("one that fails gives its turn on", async () => {
  const turns = createHashingTurns({ atOnce: 1, waiting: 1 });
  const { act, fail, end } = acts();
  const first = turns.run(act("a"));
  const second = turns.run(act("b"));
  fail("a");
  await expect(first).rejects.toThrow("a");
  end("b");
  expect(await second).toBe("b");
  const third = turns.run(act("c"));
  end("c");
  expect(await third).toBe("c");
});
