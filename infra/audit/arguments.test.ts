import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

const HASH = "a1".repeat(32);

test("what is known", () => {
  expect(readArguments([])).toEqual({ json: false, expect: null });
  expect(readArguments(["--json"])).toEqual({ json: true, expect: null });
  expect(readArguments(["--expect", `12:${HASH}`, "--json"])).toEqual({ json: true, expect: { seq: 12, hash: HASH } });
  expect(readArguments([`--expect=12:${HASH}`])).toEqual({ json: false, expect: { seq: 12, hash: HASH } });
});

test.each([["--yes"], ["verify"], ["--expect"], ["--expect", HASH], ["--expect", `0:${HASH}`], ["--expect", "1:abc"], ["--json=1"]])("%j %j is told", (...args) => {
  expect(readArguments(args.filter((arg) => arg !== undefined))).toMatch(/Usage: npm run audit:verify/);
});
