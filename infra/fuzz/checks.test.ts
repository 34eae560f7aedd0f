import { expect, it } from "vitest";
import { crashOf, faultsAtEnd, leftOf, STALL_MS, stallOf } from "./checks.ts";

const PART = { first: 200, last: 399 };
const API = { name: "the public API", ended: null, errors: [] };

it("finds a step that held the event loop up, by the processor time of the process alone", () => {
  expect(stallOf({ busiestMs: STALL_MS + 1, longestMs: STALL_MS + 1 }, PART)).toEqual({ what: "stall", detail: "a step of 101 ms within requests 200 to 399" });
  expect(stallOf({ busiestMs: STALL_MS, longestMs: 5_000 }, PART)).toBeNull();
});

it("finds a process that ended by itself", () => {
  expect(crashOf(API, PART)).toBeNull();
  expect(crashOf({ ...API, ended: "SIGSEGV", errors: ["first", "last"] }, PART)).toEqual({ what: "crash", detail: "the public API ended with SIGSEGV within requests 200 to 399: last" });
  expect(crashOf({ ...API, ended: "exit code 0" }, PART)).toMatchObject({ what: "crash" });
});

it.each<[string, string | null, string[], number]>([
  ["a good end", "exit code 0", [], 0],
  ["an error in the log", "exit code 0", ["oh"], 1],
  ["an end with a fault", "exit code 1", [], 1],
  ["an end by force, after an error", "SIGKILL", ["oh"], 2],
  ["no end", null, [], 1],
])("tells %s of a process that was told to stop", (_, ended, errors, count) => {
  expect(faultsAtEnd({ ...API, ended, errors }).map(({ what }) => what)).toEqual(Array(count).fill("crash"));
});

it("finds what was never stored", () => {
  expect(leftOf({ left: 0, deadLetters: 0 })).toEqual([]);
  expect(leftOf({ left: 3, deadLetters: 1 }).map(({ detail }) => detail)).toEqual(["3 messages are still in the queue", "1 messages are in the dead-letter queue"]);
});
