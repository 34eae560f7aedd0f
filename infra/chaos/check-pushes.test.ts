import { expect, test } from "vitest";
import { checkPushes, pushViolations } from "./check-pushes.ts";
import type { Send, WireFact } from "./facts.ts";

const id = (at: number) => `chaos-t-${at}`;
const send = (at: number): Send => ({
  id: id(at),
  userId: "u",
  kind: "healthy",
  content: "",
  request: at,
  position: 0,
  askedN: at * 2 + 1,
  answeredN: at * 2 + 2,
  outcome: "ok",
  outOfOrder: false,
});
const sends = [send(0), send(1)];
const wire: WireFact[] = [
  { what: "received", n: 1, atMs: 1, id: id(0), messageId: "m0", groupId: "g", count: 1, client: "w1" },
  { what: "stored", n: 10, atMs: 0, call: 1, ids: [id(0), id(1)] },
  { what: "acked", n: 20, atMs: 9, id: id(0), messageId: "m0", client: "w1" },
  { what: "acked", n: 21, atMs: 9, id: id(1), messageId: "m1", client: "w1" },
];
const push = (at: number, n: number) => ({ id: id(at), n });
const broken = (pushes: { id: string; n: number }[], kills: { client: string; atMs: number }[] = []) =>
  pushViolations(checkPushes({ sends, wire, pushes, kills, visibilityMs: 5_000 })).map((text) => text.split(":")[0]);

test("each once, after its store and in order: clean", () => {
  expect(broken([push(0, 11), push(1, 12)])).toEqual([]);
});
test("planted: one that was acked without a push", () => {
  expect(broken([push(0, 11)])).toEqual(["unpushed"]);
});
test("planted: a push before the store", () => {
  expect(broken([push(0, 9), push(1, 12)])).toEqual(["pushedEarly"]);
});
test("planted: the later of two pushed first", () => {
  expect(broken([push(1, 11), push(0, 12)])).toEqual(["pushedOutOfOrder"]);
});
test("planted: a second push without a kill of its holder; one for each such kill is allowed", () => {
  const twice = [push(0, 11), push(1, 12), push(0, 13)];
  expect(broken(twice)).toEqual(["pushedTooOften"]);
  expect(broken(twice, [{ client: "w2", atMs: 2 }])).toEqual(["pushedTooOften"]);
  expect(broken(twice, [{ client: "w1", atMs: 2 }])).toEqual([]);
  expect(broken([...twice, push(0, 14)], [{ client: "w1", atMs: 2 }])).toEqual(["pushedTooOften"]);
});
