import { describe, expect, test } from "vitest";
import { checkHolds } from "./check-holds.ts";
import type { StepFact, WireFact } from "./facts.ts";

const VISIBILITY_MS = 5_000;
const LATE_MS = 100;
let n = 0;
const next = () => (n += 1);

/** Messages of one user; `w` says which worker. */
const received = (at: number, client: string, atMs: number): WireFact => ({ what: "received", n: next(), atMs, id: `chaos-t-${at}`, messageId: `m${at}`, groupId: "g", count: 1, client });
const ackAsked = (at: number, client: string, atMs: number): WireFact => ({ what: "ack_asked", n: next(), atMs, id: `chaos-t-${at}`, messageId: `m${at}`, client });
const acked = (at: number, client: string, atMs: number): WireFact => ({ what: "acked", n: next(), atMs, id: `chaos-t-${at}`, messageId: `m${at}`, client });
const shown = (at: number, client: string, atMs: number, seconds: number): WireFact[] => [
  { what: "show_asked", n: next(), atMs: atMs - 5, messageId: `m${at}`, seconds, client },
  { what: "shown", n: next(), atMs, messageId: `m${at}`, seconds, client },
];
const storing = (at: number, client: string, atMs: number): StepFact => ({ client, atMs, event: "storing", messageIds: [`m${at}`] });

const found = (wire: WireFact[], steps: StepFact[] = []) => {
  const { heldTwice, storedUnheld } = checkHolds({ wire, steps, visibilityMs: VISIBILITY_MS, seenLateMs: LATE_MS });
  return { heldTwice: heldTwice.length, storedUnheld: storedUnheld.length };
};
const CLEAN = { heldTwice: 0, storedUnheld: 0 };

describe("one user, one worker at a time", () => {
  test("held, stored, acked, and the next by another: clean", () => {
    const wire = [received(0, "w1", 0), ackAsked(0, "w1", 100), acked(0, "w1", 110), received(1, "w2", 105)];
    expect(found(wire, [storing(0, "w1", 50), storing(1, "w2", 150)])).toEqual(CLEAN);
  });
  test("planted: another received the same message while it was held", () => {
    expect(found([received(0, "w1", 0), received(0, "w2", 3_000)])).toEqual({ ...CLEAN, heldTwice: 1 });
  });
  test("planted: another received a later one of the user while an earlier was held", () => {
    expect(found([received(0, "w1", 0), received(1, "w2", 1_000)])).toEqual({ ...CLEAN, heldTwice: 1 });
  });
  test("planted: another received it while its visibility had been renewed", () => {
    const wire = [received(0, "w1", 0), ...shown(0, "w1", 3_000, 5)];
    expect(found([...wire, received(0, "w2", 6_000)])).toEqual({ ...CLEAN, heldTwice: 1 });
    expect(found([...wire, received(0, "w2", 8_001)])).toEqual(CLEAN);
  });
  test("when the visibility is over, or it was released, another may have it; an answer may be seen late", () => {
    expect(found([received(0, "w1", 0), received(0, "w2", VISIBILITY_MS - LATE_MS)])).toEqual(CLEAN);
    expect(found([received(0, "w1", 0), ...shown(0, "w1", 1_000, 0), received(0, "w2", 996)])).toEqual(CLEAN);
    expect(found([received(0, "w1", 0), ...shown(0, "w1", 1_000, 2), received(0, "w2", 3_000)])).toEqual(CLEAN);
  });
  test("an answer that was lost and asked for again begins the hold anew, and its ack ends it", () => {
    const twice = [received(0, "w1", 0), received(0, "w1", 200)];
    expect(found([...twice, ackAsked(0, "w1", 300), acked(0, "w1", 310), received(1, "w2", 320)])).toEqual(CLEAN);
    expect(found([...twice, received(0, "w2", 5_000)])).toEqual({ ...CLEAN, heldTwice: 1 });
  });
  test("a renewal that is answered after the ack was asked for holds nothing", () => {
    const [asked, answered] = shown(0, "w1", 110, 5) as [WireFact, WireFact];
    expect(found([received(0, "w1", 0), asked, ackAsked(0, "w1", 107), answered, acked(0, "w1", 112), received(1, "w2", 115)])).toEqual(CLEAN);
  });
  test("planted: another had it though it was put off for longer", () => {
    expect(found([received(0, "w1", 0), ...shown(0, "w1", 1_000, 4), received(0, "w2", 3_000)])).toEqual({ ...CLEAN, heldTwice: 1 });
  });
  test("one worker may hold any number of one user's messages", () => {
    expect(found([received(0, "w1", 0), received(1, "w1", 10)])).toEqual(CLEAN);
  });
});

describe("a store of what is not held", () => {
  test("planted: begun after the visibility was over", () => {
    expect(found([received(0, "w1", 0)], [storing(0, "w1", VISIBILITY_MS + 1)])).toEqual({ ...CLEAN, storedUnheld: 1 });
    expect(found([received(0, "w1", 0)], [storing(0, "w1", VISIBILITY_MS)])).toEqual(CLEAN);
  });
  test("planted: of a message that only another received", () => {
    expect(found([received(0, "w1", 0)], [storing(0, "w2", 10)])).toEqual({ ...CLEAN, storedUnheld: 1 });
  });
  test("planted: after it was released, put off, or acked", () => {
    expect(found([received(0, "w1", 0), ...shown(0, "w1", 100, 0)], [storing(0, "w1", 101)]).storedUnheld).toBe(1);
    expect(found([received(0, "w1", 0), ...shown(0, "w1", 100, 2)], [storing(0, "w1", 2_200)]).storedUnheld).toBe(1);
    expect(found([received(0, "w1", 0), ackAsked(0, "w1", 90), acked(0, "w1", 100)], [storing(0, "w1", 200)]).storedUnheld).toBe(1);
  });
  test("within a renewed visibility: clean", () => {
    expect(found([received(0, "w1", 0), ...shown(0, "w1", 3_000, 5)], [storing(0, "w1", 7_900)])).toEqual(CLEAN);
  });
});
