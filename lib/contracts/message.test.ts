import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { activityMessageSchema, parseMessageBody } from "#lib/contracts/message.ts";

const good = {
  v: 1,
  acceptedAt: "2026-01-31T12:00:00.000Z",
  activity: { id: "a-1", userId: "사용자", type: "page.view", occurredAt: "2026-01-31T11:59:59.123Z", properties: '{"n":1e400}' },
};

describe("reading a queue body", () => {
  it("gives the activity, its properties still the text that was sent", () => {
    expect(parseMessageBody(JSON.stringify(good))).toEqual({ kind: "activity", message: activityMessageSchema.parse(good) });
  });

  it("lets through fields that a later release added", () => {
    expect(parseMessageBody(JSON.stringify({ ...good, traceId: "t" })).kind).toBe("activity");
  });

  it("does not lose a field that a later release added to the activity: a worker of that release must store it", () => {
    const body = JSON.stringify({ ...good, activity: { ...good.activity, device: "phone" } });
    expect(parseMessageBody(body)).toMatchObject({ kind: "unknown_version", error: expect.stringContaining("device") });
    const broken = JSON.stringify({ ...good, activity: { ...good.activity, device: "phone", userId: "" } });
    expect(parseMessageBody(broken).kind).toBe("malformed");
  });

  it("names a version it does not know instead of calling it malformed", () => {
    expect(parseMessageBody(JSON.stringify({ ...good, v: 2 }))).toMatchObject({ kind: "unknown_version", version: 2 });
  });

  it.each([
    ["no JSON", "not json"],
    ["no object", "[1]"],
    ["null", "null"],
    ["no version", JSON.stringify({ ...good, v: undefined })],
    ["no user", JSON.stringify({ ...good, activity: { ...good.activity, userId: undefined } })],
    ["a time that no clock shows", JSON.stringify({ ...good, activity: { ...good.activity, occurredAt: "2026-13-31T11:59:59.123Z" } })],
    ["a time of another width", JSON.stringify({ ...good, activity: { ...good.activity, occurredAt: "2026-01-31T11:59:59Z" } })],
  ])("calls %s malformed and says why", (_, body) => {
    const parsed = parseMessageBody(body);
    expect(parsed.kind).toBe("malformed");
    expect(parsed).toHaveProperty("error", expect.stringMatching(/\S/));
  });

  it("keeps its errors short, however long a key is", () => {
    const key = "k".repeat(100_000);
    for (const activity of [{ ...good.activity, [key]: 1 }, { [key]: 1 }]) {
      const parsed = parseMessageBody(JSON.stringify({ ...good, activity }));
      expect(parsed).toHaveProperty("error", expect.stringMatching(/^.{10,400}$/));
    }
  });

  it("does not quote the body in the error, which is shown where the body is masked", () => {
    const parsed = parseMessageBody("secret-of-ada is no JSON");
    expect(parsed).toEqual({ kind: "malformed", error: "body of 24 characters is not JSON" });
  });

  it("never throws, whatever the body", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (body) => void parseMessageBody(body)));
  });
});
