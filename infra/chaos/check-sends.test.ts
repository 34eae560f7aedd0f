import { describe, expect, test } from "vitest";
import { checkSends } from "./check-sends.ts";
import type { Send, Try, WireFact } from "./facts.ts";

const id = "chaos-t-0";
const sent = (...tries: Try[]): Send => ({ id, userId: "u", kind: "healthy", content: "says", request: 0, position: 0, askedN: 1, answeredN: 9, outcome: "ok", outOfOrder: false, tries });
const queuedAt = (n: number): WireFact => ({ what: "queued", n, atMs: n, id });
const tried = (askedN: number, answeredN: number, said: Try["said"]): Try => ({ askedN, answeredN, said });
const found = (send: Send, ...wire: WireFact[]) => checkSends({ sends: [send], wire });

test("nothing is found where each answer was true, however often it was sent", () => {
  const send = sent(tried(1, 2, "unsent"), tried(3, 5, "unknown"), tried(6, 8, "ok"));
  expect(found(send, queuedAt(4), queuedAt(7))).toEqual({ tries: 3, calledUnsent: [], acceptedEarly: [] });
});

test("an answer that was lost explains what comes into the queue long after it", () => {
  expect(found(sent(tried(1, 2, "unknown"), tried(6, 8, "ok")), queuedAt(5)).calledUnsent).toEqual([]);
});

test("what was sent once, without tries, is not looked at", () => {
  const { tries: _, ...once } = sent();
  expect(found(once, queuedAt(4))).toEqual({ tries: 0, calledUnsent: [], acceptedEarly: [] });
});

describe("a planted violation is found", () => {
  test("queued by the time that it was called unsent", () => {
    expect(found(sent(tried(1, 5, "unsent"), tried(6, 8, "ok")), queuedAt(3), queuedAt(7)).calledUnsent).toEqual([id]);
  });
  test("queued after it was called unsent, and before it was sent again", () => {
    expect(found(sent(tried(1, 2, "unsent"), tried(6, 8, "ok")), queuedAt(4)).calledUnsent).toEqual([id]);
  });
  test("accepted, and queued only later", () => {
    expect(found(sent(tried(1, 2, "ok")), queuedAt(3)).acceptedEarly).toEqual([id]);
  });
  test("accepted, and never queued", () => {
    expect(found(sent(tried(1, 2, "ok"))).acceptedEarly).toEqual([id]);
  });
});
