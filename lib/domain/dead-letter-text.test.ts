import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bodyFacts } from "./body-facts.ts";
import { decodeCursor, encodeCursor } from "./keyset-cursor.ts";
import { deathIdOf, ledgerError } from "./ledger-text.ts";

const nothing = { userId: null, activityId: null, type: null, occurredAt: null };

describe("what a body tells", () => {
  test("takes what is there, whatever the version, and normalises the time", () => {
    const activity = { userId: "anna", id: "a-1", type: "page.view", occurredAt: "2026-01-31T14:00:00+02:00" };
    expect(bodyFacts(JSON.stringify({ v: 7, activity }))).toEqual({
      userId: "anna",
      activityId: "a-1",
      type: "page.view",
      occurredAt: "2026-01-31T12:00:00.000Z",
    });
  });

  test.each(["", "null", "[]", "7", "{", '{"activity":null}', '{"activity":{"userId":7,"id":"","type":{},"occurredAt":"soon"}}'])("%j tells nothing", (body) => {
    expect(bodyFacts(body)).toEqual(nothing);
  });

  test("never throws, and gives only what the ledger can hold", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.record({ activity: fc.record({ userId: fc.string({ unit: "binary" }), occurredAt: fc.string() }) }).map((body) => JSON.stringify(body))), (body) => {
        const facts = bodyFacts(body);
        for (const fact of Object.values(facts)) expect(fact ?? "-").toMatch(/^[^\0]{1,512}$/su);
      }),
    );
  });
});

describe("a cursor", () => {
  test("comes back as it went", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true }), (diedAt) => {
        const position = { diedAt, id: randomUUID() };
        expect(decodeCursor(encodeCursor(position))).toEqual(position);
      }),
    );
  });

  test("made up is refused", () => {
    fc.assert(
      fc.property(fc.string(), (cursor) => {
        expect(decodeCursor(cursor)).toBeNull();
      }),
    );
  });
});

test("an error text is bounded, never empty and free of NUL", () => {
  expect(ledgerError(" \0 ")).toBe("\uFFFD");
  expect(ledgerError("  ")).toBe("no error text");
  expect(ledgerError("\ud83d\ude00".repeat(5000)).length).toBeLessThanOrEqual(2_000);
  expect(ledgerError("\ud83d\ude00".repeat(5000)).isWellFormed()).toBe(true);
});

test("only a UUID is a death's id", () => {
  const id = randomUUID();
  expect(deathIdOf(id.toUpperCase())).toBe(id);
  for (const other of [undefined, "", "x", `${id} `, id.slice(1)]) expect(deathIdOf(other)).toBeNull();
});
