import { describe, expect, test } from "vitest";
import type { PushFilter } from "#lib/gateways/push-filter.ts";

type Filter = Pick<PushFilter, "claim" | "markDone" | "giveBack">;

/** What every push filter must do: the real one, and the fake that stands in for it. */
export function pushFilterContract(name: string, filterOf: () => Filter): void {
  describe(`${name} as a push filter`, () => {
    test("a key is claimed by one, however many ask at once", async () => {
      const filter = filterOf();
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => filter.claim({ key: "one", claim: `c${n}` })));
      expect(answers.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
      const winner = `c${answers.findIndex(({ kind }) => kind === "claimed")}`;
      expect(answers.filter(({ kind }) => kind === "taken")).toEqual(Array.from({ length: 19 }, () => ({ kind: "taken", claim: winner })));
    });

    test("asking again with the same claim is harmless, also after it is done", async () => {
      const filter = filterOf();
      expect(await filter.claim({ key: "again", claim: "a" })).toEqual({ kind: "claimed" });
      expect(await filter.claim({ key: "again", claim: "a" })).toEqual({ kind: "claimed" });
      await filter.markDone({ key: "again", claim: "a" });
      expect(await filter.claim({ key: "again", claim: "a" })).toEqual({ kind: "done" });
      expect(await filter.claim({ key: "again", claim: "b", over: "a" })).toEqual({ kind: "done" });
    });

    test("a claim is taken over by name only, and by one only", async () => {
      const filter = filterOf();
      await filter.claim({ key: "over", claim: "dead" });
      expect(await filter.claim({ key: "over", claim: "x", over: "another" })).toEqual({ kind: "taken", claim: "dead" });
      const answers = await Promise.all(["x", "y", "z"].map((claim) => filter.claim({ key: "over", claim, over: "dead" })));
      expect(answers.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
    });

    test("given back, it is free; another's and a done one stay", async () => {
      const filter = filterOf();
      await filter.claim({ key: "back", claim: "a" });
      await filter.giveBack({ key: "back", claim: "b" });
      expect(await filter.claim({ key: "back", claim: "b" })).toEqual({ kind: "taken", claim: "a" });
      await filter.giveBack({ key: "back", claim: "a" });
      expect(await filter.claim({ key: "back", claim: "b" })).toEqual({ kind: "claimed" });
      await filter.markDone({ key: "back", claim: "b" });
      await filter.giveBack({ key: "back", claim: "b" });
      expect(await filter.claim({ key: "back", claim: "c" })).toEqual({ kind: "done" });
    });

    test("a push that was made is marked, whoever holds the claim by then", async () => {
      const filter = filterOf();
      await filter.claim({ key: "late", claim: "paused" });
      await filter.claim({ key: "late", claim: "next", over: "paused" });
      await filter.markDone({ key: "late", claim: "paused" });
      expect(await filter.claim({ key: "late", claim: "next" })).toEqual({ kind: "done" });
    });
  });
}
