import { expect, test } from "vitest";
import { checkReceives, LETS_GO } from "./check-receives.ts";
import type { StepFact, WireFact } from "./facts.ts";

const received = (client: string, atMs: number): WireFact => ({ what: "received", n: atMs, atMs, id: "chaos-t-0", messageId: "m0", groupId: "g", count: 1, client });
const step = (client: string, event: string, atMs: number, messageId = "m0"): StepFact => ({ client, atMs, event, messageIds: [messageId] });
const TWICE = [received("w1", 0), received("w2", 6_000)];
const REACHED = step("w1", "received", 10);

const unexplained = ({ wire = TWICE, steps = [REACHED], ...given }: Partial<Parameters<typeof checkReceives>[0]> = {}) =>
  checkReceives({ wire, steps, kills: [], pauses: [], ...given }).unexplained.length;

test("received once: nothing to explain", () => {
  expect(checkReceives({ wire: [received("w1", 0)], steps: [REACHED], kills: [], pauses: [] })).toEqual({ receivedAgain: 0, unexplained: [] });
});
test("planted: received again, and nothing had befallen its holder", () => {
  expect(unexplained()).toBe(1);
});
test.each([...LETS_GO])("its holder told that it let go: %s", (event) => {
  expect(unexplained({ steps: [REACHED, step("w1", event, 1_000)] })).toBe(0);
  // Of another message, by another worker, or before it had it: no explanation.
  expect(unexplained({ steps: [REACHED, step("w1", event, 1_000, "m1")] })).toBe(1);
  expect(unexplained({ steps: [REACHED, step("w2", event, 1_000)] })).toBe(1);
  expect(unexplained({ wire: [received("w1", 10), received("w2", 6_000)], steps: [step("w1", event, 5), step("w1", "received", 12)] })).toBe(1);
});
test("its holder was killed, or was dead when the answer came; another's kill explains nothing", () => {
  expect(unexplained({ kills: [{ client: "w1", atMs: 3_000 }] })).toBe(0);
  expect(unexplained({ kills: [{ client: "w1", atMs: -20 }] })).toBe(0);
  expect(unexplained({ kills: [{ client: "w3", atMs: 3_000 }] })).toBe(1);
  expect(unexplained({ kills: [{ client: "w1", atMs: 60_000 }] })).toBe(1);
});
test("its holder stood still meanwhile; a pause before or after explains nothing", () => {
  expect(unexplained({ pauses: [{ client: "w1", fromMs: 1_000, toMs: 7_000 }] })).toBe(0);
  expect(unexplained({ pauses: [{ client: "w1", fromMs: -9_000, toMs: -1_000 }] })).toBe(1);
  expect(unexplained({ pauses: [{ client: "w1", fromMs: 60_000, toMs: 67_000 }] })).toBe(1);
});
test("the answer never reached its holder", () => {
  expect(unexplained({ steps: [] })).toBe(0);
});
test("each receive needs a reason of its own", () => {
  const wire = [...TWICE, received("w3", 12_000)];
  const steps = [REACHED, step("w1", "nacked", 1_000), step("w2", "received", 6_010)];
  expect(checkReceives({ wire, steps, kills: [], pauses: [] })).toMatchObject({ receivedAgain: 2, unexplained: ["w3 received chaos-t-0 again, held by w2"] });
});
