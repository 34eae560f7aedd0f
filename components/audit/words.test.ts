import { expect, test } from "vitest";
import { fieldWords, outcomeWords, rowsText } from "./words.ts";

const at = "2026-01-31T12:00:00.000Z";

test("an act without an outcome is under way at first, and cut off later", () => {
  expect(outcomeWords({ outcome: null, at }, Date.parse(at) + 5_000).label).toBe("Under way");
  expect(outcomeWords({ outcome: null, at }, Date.parse(at) + 90_000).label).toBe("No outcome");
  expect(outcomeWords({ outcome: null, at }, null).label).toBe("No outcome");
  expect(outcomeWords({ outcome: "unknown", at }, null).label).toBe("Unknown");
});

test("counts and names of fields read like words", () => {
  expect([rowsText(0), rowsText(1), rowsText(12_345)]).toEqual(["0 rows", "1 row", "12,345 rows"]);
  expect(["override.rateWcuPerSecond", "clear_by", "mode"].map(fieldWords)).toEqual(["override rate WCU per second", "clear by", "mode"]);
});
