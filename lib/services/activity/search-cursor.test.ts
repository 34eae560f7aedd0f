import { describe, expect, it } from "vitest";
import { decodeCursor, encodeCursor } from "./search-cursor.ts";

const RANGE = { from: "2026-01-31T12:00:00.000Z", to: "2026-01-31T13:00:00.000Z" };

describe("the key in a cursor", () => {
  it.each([
    ["the range's first", "2026-01-31T12:00:00.000Z#a"],
    ["the range's last", "2026-01-31T13:00:00.000Z#z"],
    ["one of the longest id", `2026-01-31T12:30:00.000Z#${"x".repeat(128)}`],
  ])("is gone on from: %s", (_name, after) => {
    const place = { user: "maria", ...RANGE };
    expect(decodeCursor(encodeCursor({ ...place, after }), place)).toBe(after);
    expect(decodeCursor(encodeCursor({ user: "maria", after }), { user: "maria" })).toBe(after);
  });

  // Whoever reads this file can make the digest of anything; DynamoDB refuses such a Query, and its cost counts as unknown.
  it.each([
    ["before the range", "2026-01-31T11:59:59.999Z#a"],
    ["after the range", "2026-01-31T13:00:00.001Z#a"],
    ["past every id of the last instant", "2026-01-31T13:00:00.000Z#~~"],
    ["longer than a key may be", `2026-01-31T12:30:00.000Z#${"x".repeat(1_100)}`],
    ["no key of ours", "2026-01-31T12:30 and more"],
    ["without an id", "2026-01-31T12:30:00.000Z#"],
  ])("is refused where a cursor was made by hand: %s", (_name, after) => {
    const place = { user: "maria", ...RANGE };
    expect(decodeCursor(encodeCursor({ ...place, after }), place)).toBeNull();
  });

  it("is refused past the last instant there can be", () => {
    const after = "9999-12-31T23:59:59.999Z#~~";
    expect(decodeCursor(encodeCursor({ user: "maria", after }), { user: "maria" })).toBeNull();
  });
});
