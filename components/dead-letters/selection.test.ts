import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeadLetter } from "#lib/contracts/dead-letters.ts";
import { inSendOrder, isSelectable, RUN_LIMIT, rowsBetween, type Selection, stillSelectable, withRows } from "./selection.ts";
import { deadLetter } from "./samples.ts";

const NONE: Selection = new Map();
const rows = [1, 2, 3, 4, 5].map((number) => deadLetter(number));
const id = (number: number) => deadLetter(number).id;
const underWay = (state: "pending" | "sent" | "stored" | "bounced"): DeadLetter["redrive"] => ({ runId: id(900), state, bouncedDeathId: null });

describe("isSelectable", () => {
  it("takes open deaths with no run under way only", () => {
    expect(isSelectable(deadLetter(1))).toBe(true);
    expect(isSelectable(deadLetter(1, { redrive: underWay("pending") }))).toBe(false);
    expect(isSelectable(deadLetter(1, { redrive: underWay("sent") }))).toBe(false);
    expect(isSelectable(deadLetter(1, { status: "stored" }))).toBe(false);
    expect(isSelectable(deadLetter(1, { status: "bounced" }))).toBe(false);
  });
});

describe("withRows", () => {
  it("passes over rows that may not be redriven", () => {
    const taken = deadLetter(2, { redrive: underWay("sent") });
    expect([...withRows(NONE, [deadLetter(1), taken, deadLetter(3)], true).keys()]).toEqual([id(1), id(3)]);
  });

  it("never exceeds one run, and lets go what it is told to", () => {
    const many = Array.from({ length: RUN_LIMIT + 20 }, (_, number) => deadLetter(number));
    const all = withRows(NONE, many, true);
    expect(all.size).toBe(RUN_LIMIT);
    expect(withRows(all, many.slice(0, 10), false).size).toBe(RUN_LIMIT - 10);
  });
});

describe("stillSelectable", () => {
  it("drops what the latest rows say is under way, and keeps rows of other pages", () => {
    const selection = withRows(NONE, rows, true);
    const latest = [deadLetter(1, { redrive: underWay("pending") }), deadLetter(2)];
    expect(stillSelectable(selection, latest).map((death) => death.id)).toEqual([id(2), id(3), id(4), id(5)]);
  });
});

describe("rowsBetween", () => {
  it("takes both ends in either direction, and one row where there is no start", () => {
    expect(rowsBetween(rows, id(2), id(4)).map((row) => row.id)).toEqual([id(2), id(3), id(4)]);
    expect(rowsBetween(rows, id(4), id(2)).map((row) => row.id)).toEqual([id(2), id(3), id(4)]);
    expect(rowsBetween(rows, null, id(3)).map((row) => row.id)).toEqual([id(3)]);
    expect(rowsBetween(rows, id(77), id(3)).map((row) => row.id)).toEqual([id(3)]);
  });
});

describe("inSendOrder", () => {
  it("is the order in which the queue took them, whatever the order of choice", () => {
    const sent = [1, 2, 3, 4, 5].map((number) => deadLetter(number, { sentAt: `2026-01-01T00:00:0${number}.000Z` }));
    fc.assert(
      fc.property(fc.shuffledSubarray(sent, { minLength: sent.length }), (shuffled) => {
        expect(inSendOrder(shuffled)).toEqual(sent);
      }),
    );
  });
});
