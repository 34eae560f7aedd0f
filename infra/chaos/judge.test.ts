import { expect, test } from "vitest";
import type { Facts, WireFact } from "./facts.ts";
import { judge } from "./judge.ts";

const id = "chaos-t-0";
const received = (client: string, atMs: number): WireFact => ({ what: "received", n: atMs + 1, atMs, id, messageId: "m0", groupId: "g", count: 1, client });

/** One activity: sent, received by w1, stored, acked. */
function run(wire: WireFact[] = [received("w1", 0)]): Facts {
  return {
    sends: [{ id, userId: "u", kind: "healthy", content: "says", request: 0, position: 0, askedN: 0, answeredN: 1, outcome: "ok", outOfOrder: false }],
    wire: [
      ...wire,
      { what: "store_asked", n: 8_000, call: 1, ids: [id] },
      { what: "stored", n: 8_001, atMs: 8_001, call: 1, ids: [id] },
      { what: "ack_asked", n: 8_002, atMs: 8_002, id, messageId: "m0", client: "w2" },
      { what: "acked", n: 8_003, atMs: 8_003, id, messageId: "m0", client: "w2" },
    ],
    items: [{ id, userId: "u", content: "says" }],
    deaths: [],
    deadLetters: [],
    left: 0,
    kills: [],
    pauses: [],
    steps: [{ client: "w1", atMs: 10, event: "received", messageIds: ["m0"] }],
    visibilityMs: 5_000,
    seenLateMs: 100,
  };
}
const names = (facts: Facts, redoLimitSeconds: number | null = 10) => judge(facts, { redoLimitSeconds, pushes: null }).broken.map((text) => text.split(":")[0]);

test("a clean run: the sizes of its sets, and nothing broken", () => {
  expect(names(run())).toEqual([]);
  expect(judge(run(), { redoLimitSeconds: 10, pushes: null }).figures).toMatchObject({ ok: 1, stored: 1, receives: 1, receivedAgain: 0, lost: 0, heldTwice: 0, receivedUnexplained: 0, redoLimitSeconds: 10 });
});

test("what any check finds is named and counted", () => {
  const held = run([received("w1", 0), received("w2", 3_000)]);
  expect(names(held)).toEqual(["heldTwice", "receivedUnexplained"]);
  expect(judge(held, { redoLimitSeconds: 10, pushes: null }).figures).toMatchObject({ heldTwice: 1, receivedUnexplained: 1, receivedAgain: 1 });
  expect(names({ ...run(), items: [] })).toEqual(["lost"]);
  expect(names({ ...run(), steps: [{ client: "w3", atMs: 5, event: "storing", messageIds: ["m0"] }] })).toEqual(["storedUnheld"]);
  expect(judge(run(), { redoLimitSeconds: 10, pushes: [] }).broken).toEqual([expect.stringContaining("unpushed")]);
});

test("what producers were told is judged where they tell of their tries", () => {
  const told = run();
  const sends = told.sends.map((send) => Object.assign(send, { tries: [{ askedN: 0, answeredN: 1, said: "unsent" as const }] }));
  expect(names({ ...told, sends, wire: [...told.wire, { what: "queued", n: 1, atMs: 1, id }] })).toEqual(["calledUnsent"]);
  expect(judge({ ...told, sends }, { redoLimitSeconds: 10, pushes: null }).figures).toMatchObject({ tries: 1, calledUnsent: 0, acceptedEarly: 0 });
});

test("the time to redo is judged where it has a limit", () => {
  const killed = { ...run([received("w1", 0), received("w2", 6_000)]), kills: [{ client: "w1", atMs: 1_000 }] };
  expect(names(killed)).toEqual([]);
  expect(names(killed, 5)).toEqual(["redo"]);
  expect(names(killed, null)).toEqual([]);
  expect(judge(killed, { redoLimitSeconds: null, pushes: null }).figures).toMatchObject({ redoUnderFaultsSecondsMax: 7 });
});
