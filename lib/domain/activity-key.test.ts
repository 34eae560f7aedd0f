import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deduplicationId, redriveDeduplicationId, sortKey, userHash } from "#lib/domain/activity-key.ts";

/** What SQS takes in a group or deduplication id (SendMessage reference): letters, digits, ASCII punctuation, 128 at most. */
const SQS_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const anyText = fc.string({ unit: "binary", minLength: 1, maxLength: 300 });

describe("keys of an activity", () => {
  it("are ids that SQS takes, whatever the script of the user id", () => {
    fc.assert(
      fc.property(anyText, anyText, (user, id) => {
        expect(userHash(user)).toMatch(SQS_ID);
        expect(deduplicationId(user, id)).toMatch(SQS_ID);
        expect(redriveDeduplicationId(user, id)).toMatch(SQS_ID);
      }),
    );
  });

  it("are the same for a retry and differ wherever user and id are cut differently", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (a, b, c) => {
        expect(deduplicationId(a, b)).toBe(deduplicationId(a, b));
        expect(deduplicationId(a + b, c)).not.toBe(deduplicationId(a, b + c));
      }),
    );
  });

  it("never lets a redrive share the first send's deduplication id", () => {
    expect(redriveDeduplicationId("u", "x")).not.toBe(deduplicationId("u", "x"));
  });

  it("sorts as time, then as id", () => {
    const instant = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const [first, second] = a <= b ? [a, b] : [b, a];
        expect(sortKey(first.toISOString(), "a") < sortKey(second.toISOString(), "b")).toBe(true);
      }),
    );
  });
});
