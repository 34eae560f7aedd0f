import { describe, expect, it } from "vitest";
import { redriveRequestSchema } from "./dead-letters.ts";
import { drainChangeRequestSchema } from "./drain.ts";

const reasons = {
  drain: (reason: string) => drainChangeRequestSchema.safeParse({ rateWcuPerSecond: 5, expectedVersion: 1, reason }),
  redrive: (reason: string) =>
    redriveRequestSchema.safeParse({ runId: "2805c111-e16a-4a2b-8f83-20566dc5f0aa", deathIds: ["2805c111-e16a-4a2b-8f83-20566dc5f0aa"], reason }),
};

describe.each(["drain", "redrive"] as const)("the reason of a %s", (act) => {
  it.each(["a\0b", "\u001B[2J", "a\u009Bb", "a\uD800", "a\u007F"])("is refused where a column or a terminal cannot take it: %j", (reason) => {
    expect(reasons[act](reason).success).toBe(false);
  });

  it("is text of any script, trimmed", () => {
    expect(reasons[act]("  Fête 🎉\n\t次 ").data?.reason).toBe("Fête 🎉\n\t次");
  });
});

it.each([2 ** 31, -1, 0.5, 2 ** 53])("refuses a version that no row can have: %s", (expectedVersion) => {
  expect(drainChangeRequestSchema.safeParse({ rateWcuPerSecond: 5, expectedVersion }).success).toBe(false);
});
