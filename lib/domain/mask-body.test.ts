import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskBody } from "./mask-body.ts";

const shape = (body: unknown): unknown => JSON.parse(maskBody(JSON.stringify(body)).maskedBody ?? "null");

describe("a masked body", () => {
  test("shows whose it is, its structure and its types, and none of its values", () => {
    const properties = JSON.stringify({ email: "ann@example.com", age: 41, paid: true, tags: ["a", 2], at: { city: "Ulm" }, none: null });
    const activity = { id: "a-1", userId: "user-1", type: "page.view", occurredAt: "2026-01-31T12:00:00.000Z", sessionId: "session-secret", source: "web", properties };
    expect(shape({ v: 1, acceptedAt: "2026-01-31T12:00:01.000Z", activity })).toEqual({
      v: 1,
      acceptedAt: "2026-01-31T12:00:01.000Z",
      activity: {
        id: "a-1",
        userId: "user-1",
        type: "page.view",
        occurredAt: "2026-01-31T12:00:00.000Z",
        sessionId: "(string)",
        source: "(string)",
        properties: { email: "(string)", age: "(number)", paid: "(boolean)", tags: ["(string)", "(number)"], at: { city: "(string)" }, none: null },
      },
    });
  });

  test.each([
    ["of another shape", { secret: "ann", n: 12345 }, { secret: "(string)", n: "(number)" }],
    ["with properties that are no text", { activity: { properties: { secret: "ann" } } }, { activity: { properties: { secret: "(string)" } } }],
    ["with properties that are no JSON", { activity: { properties: "{ann" } }, { activity: { properties: "(string)" } }],
    ["with another kind of value where a fact should be", { v: "ann", acceptedAt: "2020 (ann)", activity: { id: 7, userId: "u".repeat(300), type: { ann: "x" }, occurredAt: "ann" } }, { v: "(string)", acceptedAt: "(string)", activity: { id: "(number)", userId: "(string)", type: { ann: "(string)" }, occurredAt: "(string)" } }],
    ["that is an array", ["ann", { ann: 1 }], ["(string)", { ann: "(number)" }]],
    ["that is a text", "ann", "(string)"],
  ])("%s", (_, body, expected) => {
    expect(shape(body)).toEqual(expected);
  });

  test("that is no JSON has no structure", () => {
    expect(maskBody("{ann ü")).toEqual({ maskedBody: null, bodyBytes: 7 });
  });

  test("is bounded in every direction", () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, "ann"]));
    expect(shape({ wide })).toMatchObject({ wide: { k0: "(string)", k99: "(string)", "…": "(200 more)" } });
    expect(shape({ long: Array.from({ length: 25 }, () => 1) })).toEqual({ long: [...Array.from({ length: 10 }, () => "(number)"), "(15 more)"] });
    expect(JSON.stringify(shape({ ["ann".repeat(100)]: 1 })).length).toBeLessThan(150);
    expect(maskBody(`${"[".repeat(100_000)}${"]".repeat(100_000)}`).maskedBody ?? "").toContain("(array)");
  });

  test("pollutes nothing", () => {
    expect(maskBody('{"__proto__":{"polluted":"ann"},"constructor":1,"activity":{"toString":"ann"}}').maskedBody).toBe('{"__proto__":{"polluted":"(string)"},"constructor":"(number)","activity":{"toString":"(string)"}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("of whatever is in it, no text of a value is left", () => {
    const secret = "s3cr3t-value";
    const value = fc.letrec((tie) => ({ any: fc.oneof({ depthSize: "small" }, fc.constant(secret), fc.integer(), fc.array(tie("any"), { maxLength: 4 }), fc.dictionary(fc.string({ maxLength: 8 }), tie("any"), { maxKeys: 4 })) })).any;
    fc.assert(
      fc.property(value, fc.boolean(), (given, asText) => {
        const properties = asText ? JSON.stringify(given) : given;
        for (const body of [given, { v: 1, acceptedAt: given, activity: given }, { v: given, activity: { properties, sessionId: given, source: given, occurredAt: given } }]) {
          expect(maskBody(JSON.stringify(body)).maskedBody ?? "").not.toContain(secret);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("is made of any text", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void maskBody(body)));
  });
});
