import { describe, expect, it } from "vitest";
import { activityInputSchema } from "#lib/contracts/activity.ts";

const base = { userId: "u-1", type: "page.view" };
const faults = (input: unknown) => activityInputSchema.safeParse(input).error?.issues.map((issue) => issue.path.join(".")) ?? [];

describe("what a producer may send", () => {
  it("takes any script in a user id, 256 characters counted as code points", () => {
    expect(faults({ ...base, userId: "👋".repeat(256) })).toEqual([]);
    expect(faults({ ...base, userId: "👋".repeat(257) })).toEqual(["userId"]);
  });

  it.each(["", "a\u0000b", "a\uFFFEb", "a\uFFFFb", "a\uD800b"])("refuses a user id that the queue cannot carry: %j", (userId) => {
    expect(faults({ ...base, userId })).toEqual(["userId"]);
  });

  it.each(["Page", "a b", "", "x".repeat(65)])("refuses the type %j", (type) => {
    expect(faults({ ...base, type })).toEqual(["type"]);
  });

  it.each(["2026-01-31", "2026-01-31T12:00:00", "yesterday", ""])("refuses the time %j: no zone, no instant", (occurredAt) => {
    expect(faults({ ...base, occurredAt })).toEqual(["occurredAt"]);
  });

  it("takes a time with an offset or with fractions", () => {
    expect(faults({ ...base, occurredAt: "2026-01-31T12:00:00+09:00" })).toEqual([]);
    expect(faults({ ...base, occurredAt: "2026-01-31T12:00:00.123456Z" })).toEqual([]);
  });

  it("says what is wrong in words for who sent it", () => {
    const reasons = (input: unknown) => activityInputSchema.safeParse(input).error?.issues.map((issue) => issue.message);
    expect(reasons({})).toEqual(["is required", "is required"]);
    expect(reasons({ ...base, userId: 5, id: null, properties: [] })).toEqual(["must be text", "must be text", "must be a JSON object"]);
    expect(reasons({ ...base, userId: "", source: "" })).toEqual(["must not be empty", "must not be empty"]);
    expect(reasons([])).toEqual(["must be a JSON object"]);
  });

  it("refuses a field it does not know, so that a typo is not lost silently", () => {
    expect(activityInputSchema.safeParse({ ...base, usrId: "x" }).success).toBe(false);
  });
});
