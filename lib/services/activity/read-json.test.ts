import fc from "fast-check";
import { expect, it } from "vitest";
import { activityReadAnswerSchema } from "#lib/contracts/activity-read.ts";
import { activitiesJson, activityJson } from "./read-json.ts";

const AT = "2026-01-31T12:00:00.000Z";
const FACTS = { id: "a", type: "t", occurredAt: AT, acceptedAt: AT, storedAt: AT };

it("is the contract's answer, for any text in any field", () => {
  const text = fc.array(fc.integer({ min: 0, max: 0x10_ff_ff }), { minLength: 1 }).map((points) => String.fromCodePoint(...points));
  fc.assert(
    fc.property(fc.record({ userId: text, sessionId: text, source: text, sequence: text }, { requiredKeys: ["userId"] }), fc.option(fc.nat(4_000_000_000), { nil: undefined }), (given, expiresAt) => {
      const { sequence, ...own } = given;
      const answer = activityReadAnswerSchema.parse(JSON.parse(activitiesJson({ activities: [{ ...FACTS, ...given, ...(expiresAt !== undefined && { expiresAt }) }], nextCursor: "c", asOf: AT })));
      expect(answer.activities[0]).toEqual({
        id: "a",
        type: "t",
        occurredAt: AT,
        ...own,
        delivery: { acceptedAt: AT, storedAt: AT, ...(sequence !== undefined && { sequence }), ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt * 1000).toISOString() }) },
      });
    }),
  );
});

it("holds the properties as they were sent: numbers, keys and all", () => {
  const properties = '{ "z":12345678901234567890.10, "a":1e-7,"s":"\\u0041\u{1F600}", "10":1,"2":2 }';
  expect(activityJson({ ...FACTS, userId: "u", properties })).toContain(`"properties":${properties},"delivery":{`);
});

it.each(["[1]", "null", "{", '{},"delivery":{}', ""])("puts in nothing but an object, and quotes nothing: %s", (properties) => {
  expect(() => activityJson({ ...FACTS, userId: "u", properties })).toThrow("the stored properties are no JSON object");
});
