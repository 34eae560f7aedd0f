import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetTab, sessionText } from "./session-text.ts";
import { signInAgain } from "./sign-in.ts";

/** What a browser's storage does, as far as it is used. */
function storage() {
  const kept = new Map<string, string>();
  return {
    kept,
    get length() {
      return kept.size;
    },
    key: (index: number) => [...kept.keys()][index] ?? null,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  };
}

const ANN = "f3e8b0de-8f62-4c69-9d21-7f6f9d2f0a11";
const BEN = "0a4a2f55-9f4c-4f93-8f57-4a86d2b1f9c2";
const searched = sessionText("activity.user");
const filtered = sessionText("dead-letters.user");
let tab: ReturnType<typeof storage>;
const assign = vi.fn<(path: string) => void>();

beforeEach(() => {
  tab = storage();
  assign.mockReset();
  vi.stubGlobal("window", { sessionStorage: tab, location: { pathname: "/activity", search: "?from=1", assign } });
});
afterEach(() => vi.unstubAllGlobals());

test("what one person searched is read by them alone, whoever else signs in in the tab", () => {
  searched.write(ANN, "user of Ann");
  filtered.write(ANN, "filter of Ann");
  expect([searched.read(ANN), filtered.read(ANN)]).toEqual(["user of Ann", "filter of Ann"]);
  for (const other of [BEN, null]) expect([searched.read(other), filtered.read(other)]).toEqual([null, null]);
  searched.write(BEN, "user of Ben");
  expect([searched.read(ANN), searched.read(BEN)]).toEqual(["user of Ann", "user of Ben"]);
  searched.write(BEN, "");
  expect([searched.read(ANN), searched.read(BEN)]).toEqual(["user of Ann", null]);
});

test("with nobody signed in nothing is kept", () => {
  searched.write(null, "user");
  expect(tab.kept.size).toBe(0);
});

test("a page drawn for somebody leaves only theirs in the tab, one drawn for nobody leaves none, and what is not ours stays", () => {
  searched.write(ANN, "user of Ann");
  filtered.write(ANN, "filter of Ann");
  filtered.write(BEN, "filter of Ben");
  tab.setItem("another.library", "x");
  forgetTab(BEN);
  expect([...tab.kept.values()]).toEqual(["filter of Ben", "x"]);
  forgetTab(null);
  expect([...tab.kept.values()]).toEqual(["x"]);
});

test("a session that ended under an open page takes along what the tab kept", () => {
  searched.write(ANN, "user of Ann");
  signInAgain();
  expect(tab.kept.size).toBe(0);
  expect(assign).toHaveBeenCalledExactlyOnceWith("/sign-in?next=%2Factivity%3Ffrom%3D1");
});

test("a browser that keeps nothing stops nobody", () => {
  vi.stubGlobal("window", {
    get sessionStorage(): never {
      throw new Error("closed");
    },
  });
  expect(() => searched.write(ANN, "user")).not.toThrow();
  expect(() => forgetTab()).not.toThrow();
  expect(searched.read(ANN)).toBeNull();
});
