import fc from "fast-check";
import { v4, v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { uuidv7Time } from "./ingest-normalise.ts";
import { readJson } from "./ingest-read.ts";

/** Reads a body at once. */
function readBody(text: string, makeId?: () => string) {
  const steps = readJson(text, makeId);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const MADE_ID = "0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";

function one(activity: unknown) {
  const body = readBody(typeof activity === "string" ? activity : JSON.stringify(activity), () => MADE_ID);
  if (body.kind !== "activities") throw new Error(`expected activities, got ${body.kind}`);
  const first = body.activities[0];
  if (!first) throw new Error("expected an activity");
  return first;
}

const valid = { id: "a-1", userId: "u", type: "page.view", occurredAt: "2026-01-31T12:00:00Z" };
const faultsOf = (activity: unknown) => {
  const normalised = one(activity);
  return normalised.kind === "invalid" ? normalised.faults : [];
};
const activityOf = (activity: unknown) => {
  const normalised = one(activity);
  return normalised.kind === "valid" ? normalised.activity : null;
};

describe("readBody", () => {
  it("tells the kinds of body apart", () => {
    expect(readBody("{")).toMatchObject({ kind: "malformed" });
    expect(readBody("")).toMatchObject({ kind: "malformed" });
    expect(readBody("[]")).toEqual({ kind: "empty" });
    expect(readBody(JSON.stringify(Array.from({ length: ACTIVITY_LIMITS.activitiesPerRequest + 1 }, () => 1)))).toEqual({
      kind: "too_many",
      count: 501,
    });
    expect(readBody("null")).toMatchObject({ kind: "activities", activities: [{ kind: "invalid" }] });
  });

  it("normalises the time to fixed-width UTC milliseconds", () => {
    const at = (occurredAt: string) => activityOf({ ...valid, occurredAt })?.occurredAt;
    expect(at("2026-01-31T12:00:00Z")).toBe("2026-01-31T12:00:00.000Z");
    expect(at("2026-01-31T12:00:00.5+02:00")).toBe("2026-01-31T10:00:00.500Z");
    expect(at("2026-01-31T12:00:00.123987Z")).toBe("2026-01-31T12:00:00.123Z");
    expect(faultsOf({ ...valid, occurredAt: "9999-12-31T23:59:59-12:00" })).toMatchObject([{ field: "activities[0].occurredAt" }]);
    expect(faultsOf({ ...valid, occurredAt: "0000-01-01T00:00:00+12:00" })).toMatchObject([{ field: "activities[0].occurredAt" }]);
  });

  it.each(["2026-02-30T00:00:00Z", "2026-01-31", "2026-01-31T12:00:00", "yesterday", 5, "2026-01-31T24:30:00Z", "2026-06-30T23:59:60Z"])(
    "refuses the time %s",
    (occurredAt) => {
      expect(faultsOf({ ...valid, occurredAt })).toMatchObject([{ field: "activities[0].occurredAt" }]);
    },
  );

  it("reads the time from a UUIDv7, unless one is given", () => {
    const id = v7({ msecs: Date.parse("2026-03-01T08:00:00.123Z") });
    expect(activityOf({ id, userId: "u", type: "t" })).toMatchObject({ id, occurredAt: "2026-03-01T08:00:00.123Z" });
    expect(activityOf({ id: id.toUpperCase(), userId: "u", type: "t" })).toMatchObject({ occurredAt: "2026-03-01T08:00:00.123Z" });
    expect(activityOf({ ...valid, id })).toMatchObject({ occurredAt: "2026-01-31T12:00:00.000Z" });
  });

  it("refuses an id without a time, so that a retry cannot become another activity", () => {
    const withoutTime = { userId: "u", type: "t" };
    for (const id of ["order-1", v4(), "ffffffff-ffff-7fff-bfff-ffffffffffff"]) {
      expect(one({ ...withoutTime, id })).toMatchObject({ kind: "invalid", id, faults: [{ field: expect.stringMatching(/occurredAt|id$/) }] });
    }
  });

  it("makes a UUIDv7 where neither id nor time is given, and the key repeats from the id alone", () => {
    const made = activityOf({ userId: "u", type: "t" });
    expect(made).toMatchObject({ id: MADE_ID, occurredAt: new Date(uuidv7Time(MADE_ID) ?? 0).toISOString() });
    expect(activityOf({ userId: "u", type: "t", id: made?.id })).toEqual(made);
  });

  it("gives the same activity for the same input, whatever the process has seen before", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0000-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true }),
        fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom("a", "b", "Z", "0", "9", "_", ".", ":", "-") }),
        fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom("ü", "漢", "😀", "a", " ", "\t", '"', "\\") }),
        (date, id, userId) => {
          const input = { id, userId, type: "t", occurredAt: date.toISOString() };
          expect(activityOf(input)).toEqual(input);
        },
      ),
    );
  });

  it("keeps properties as the text that was sent", () => {
    const text = '{ "n":12345678901234567890, "b":1.10, "a":[] }';
    expect(activityOf(`{"userId":"u","type":"t","properties":${text}}`)?.properties).toBe(text);
  });

  it.each<[string, object, string]>([
    ["no user", { userId: undefined }, "userId"],
    ["an empty user", { userId: "" }, "userId"],
    ["a user of 257 characters", { userId: "😀".repeat(257) }, "userId"],
    ["a user with a control character", { userId: "a\u0000" }, "userId"],
    ["a user with a lone surrogate", { userId: "a\uD800" }, "userId"],
    ["an upper-case type", { type: "Page" }, "type"],
    ["an id with a space", { id: "a b" }, "id"],
    ["an id that is null", { id: null }, "id"],
    ["properties that are an array", { properties: [] }, "properties"],
    ["properties that are null", { properties: null }, "properties"],
    ["a field that is none", { sesionId: "x" }, "sesionId"],
  ])("names the field of %s", (_, change, field) => {
    expect(faultsOf({ ...valid, ...change })).toMatchObject([{ field: `activities[0].${field}` }]);
  });

  it("takes 256 characters of any script", () => {
    expect(activityOf({ ...valid, userId: "😀".repeat(256) })).not.toBeNull();
  });

  it("names the place inside properties", () => {
    const body = `[${JSON.stringify(valid)},{"userId":"u","type":"t","properties":{"cart":{"a":1,"a":2}}}]`;
    expect(readBody(body)).toMatchObject({
      activities: [{ kind: "valid" }, { kind: "invalid", faults: [{ field: "activities[1].properties.cart.a" }] }],
    });
  });

  it("measures an activity in UTF-8 bytes", () => {
    const frame = JSON.stringify({ ...valid, properties: { a: "" } }).length;
    const room = ACTIVITY_LIMITS.activityBytes - frame;
    const even = room % 2 === 0 ? "" : "x";
    const sized = (extra: string) => ({ ...valid, properties: { a: "é".repeat(Math.floor(room / 2)) + even + extra } });
    expect(activityOf(sized(""))).not.toBeNull();
    expect(faultsOf(sized("x"))).toMatchObject([{ field: "activities[0]", message: expect.stringContaining("65537 bytes") }]);
  });
});
