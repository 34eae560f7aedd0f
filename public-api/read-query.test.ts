import { describe, expect, it } from "vitest";
import { readActivityQuery } from "./read-query.ts";

const faultsOf = (search: string) => {
  const read = readActivityQuery(search);
  return read.ok ? null : read.faults.map(({ field, message }) => `${field}: ${message}`).join("; ");
};

describe("the query of a read", () => {
  it("may be empty, and has its defaults", () => {
    expect(readActivityQuery("")).toEqual({ ok: true, query: { limit: 50, order: "newest" } });
  });

  it("takes several types, and times whose zone has a plus sign, encoded or not", () => {
    expect(readActivityQuery("type=page.view,login&limit=500&order=oldest&from=2026-01-31T12:00:00+02:00&to=2026-01-31T12%3A00%3A00%2B02%3A00&cursor=a-_b")).toEqual({
      ok: true,
      query: { type: ["page.view", "login"], limit: 500, order: "oldest", from: "2026-01-31T12:00:00+02:00", to: "2026-01-31T12:00:00+02:00", cursor: "a-_b" },
    });
  });

  it.each([
    ["user=ann", "query: holds a parameter that is not one of from, to, type, limit, cursor, order"],
    ["%=1", "query: holds"],
    ["__proto__=1", "query: holds"],
    ["limit=1&limit=2", "limit: stands there twice"],
    ["type=a&type=b", "type: stands there twice; separate several types by commas"],
    ["limit=0", "limit: must be at least 1"],
    ["limit=501", "limit: must be at most 500"],
    ["limit=1.5", "limit: must be a whole number"],
    ["limit=1e2", "limit: must be a whole number"],
    ["limit=", "limit: must be a whole number"],
    ["limit", "limit: must be a whole number"],
    ["order=up", "order: must be newest or oldest"],
    ["from=yesterday", "from: must be an ISO 8601 date and time with a zone"],
    ["to=2026-01-31", "to: must be an ISO 8601 date and time with a zone"],
    ["from=%ff", "from: is not percent-encoded UTF-8"],
    ["type=", "type: must be 1-64 characters"],
    ["type=a,,b", "type: must be 1-64 characters"],
    ["type=A", "type: must be 1-64 characters"],
    [`type=${Array.from({ length: 21 }, (_, n) => `t${n}`).join(",")}`, "type: must be at most 20 types"],
    ["cursor=", "cursor: must not be empty"],
    [`cursor=${"a".repeat(4_097)}`, "cursor: must be at most 4096 characters"],
  ])("is refused clearly: %s", (search, fault) => {
    expect(faultsOf(search)).toContain(fault);
  });

  it("names every fault, and repeats nothing of what was sent", () => {
    expect(faultsOf("secret=ann&limit=0&order=x")).toMatch(/^query: .*; limit: .*; order: /);
    expect(faultsOf("secret=ann")).not.toContain("secret");
  });
});
