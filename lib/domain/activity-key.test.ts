import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Activity } from "#lib/contracts/activity.ts";
import { deduplicationId, redriveDeduplicationId, sortKey, userHash } from "#lib/domain/activity-key.ts";

/** What SQS takes in a group or deduplication id (SendMessage reference): letters, digits, ASCII punctuation, 128 at most. */
const SQS_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const activity = (userId: string, id: string, rest: Partial<Activity> = {}): Activity => ({
  userId,
  id,
  type: "t",
  occurredAt: "2026-01-31T12:00:00.000Z",
  ...rest,
});
const anyText = fc.string({ unit: "binary", minLength: 1, maxLength: 300 });

describe("keys of an activity", () => {
  it("are ids that SQS takes, whatever the script of the user id", () => {
    fc.assert(
      fc.property(anyText, anyText, (user, id) => {
        expect(userHash(user)).toMatch(SQS_ID);
        expect(deduplicationId(activity(user, id))).toMatch(SQS_ID);
        expect(redriveDeduplicationId(user, id)).toMatch(SQS_ID);
      }),
    );
  });

  it("are the same for a retry and differ wherever user and id are cut differently", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (a, b, c) => {
        expect(deduplicationId(activity(a, b))).toBe(deduplicationId(activity(a, b)));
        expect(deduplicationId(activity(a + b, c))).not.toBe(deduplicationId(activity(a, b + c)));
      }),
    );
  });

  it("are the same in every release, for what was queued and stored by the one before", () => {
    const sent = activity("Zo\u00eb \u4e2d\u{1f600}", "order-1", { type: "order.placed", source: "shop", properties: '{"total":1}' });
    expect(userHash(sent.userId)).toBe("qHUY923uYTtBLxGURvYOvjJPAfIZA_Q6KX6N1Iy3GCU");
    expect(deduplicationId(sent)).toBe("SCr7smEvtupVWJp9qjtBXRubDMrRZjPAWVIRGKNH0TY");
  });

  it("never lets a redrive share the first send's deduplication id", () => {
    expect(redriveDeduplicationId("u", "x")).not.toBe(deduplicationId(activity("u", "x")));
  });

  it("tells the same id with another time or content apart, since SQS drops a repeated deduplication id", () => {
    const sends = [
      activity("u", "x"),
      activity("u", "x", { occurredAt: "2026-01-31T12:00:00.001Z" }),
      activity("u", "x", { properties: "{}" }),
      activity("u", "x", { source: "a" }),
      activity("u", "x", { sessionId: "a" }),
      activity("u", "x", { type: "a" }),
    ];
    expect(new Set(sends.map(deduplicationId)).size).toBe(sends.length);
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
