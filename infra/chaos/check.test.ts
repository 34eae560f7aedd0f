import { describe, expect, test } from "vitest";
import { check, type Outcome, violations } from "./check.ts";
import type { Kind, Send, WireFact } from "./facts.ts";

/** Sends of one user, one request each: n 10, 20, 30, ... with the outcome known one later. */
function sends(...kinds: Kind[]): Send[] {
  return kinds.map((kind, at) => ({
    id: `chaos-t-${at}`,
    userId: "u",
    kind,
    content: `says ${at}`,
    request: at,
    position: 0,
    askedN: at * 10 + 10,
    answeredN: at * 10 + 11,
    outcome: "ok",
    outOfOrder: false,
  }));
}

const id = (at: number) => `chaos-t-${at}`;
let n = 1_000;
const next = () => (n += 1);
type Acts = { atMs?: number; client?: string; count?: number };
const received = (at: number, { atMs = 0, client = "w1", count = 1 }: Acts = {}): WireFact => ({ what: "received", n: next(), atMs, id: id(at), messageId: `m${at}`, groupId: "g", count, client });
const stored = (ids: number[], call = next()): WireFact[] => [
  { what: "store_asked", n: next(), call, ids: ids.map(id) },
  { what: "stored", n: next(), atMs: 0, call, ids: ids.map(id) },
];
const acked = (at: number, { atMs = 0, client = "w1" }: Acts = {}): WireFact[] => [
  { what: "ack_asked", n: next(), atMs, id: id(at), messageId: `m${at}`, client },
  { what: "acked", n: next(), atMs, id: id(at), messageId: `m${at}`, client },
];
const item = (at: number, content = `says ${at}`) => ({ id: id(at), userId: "u", content });
const death = (at: number, reason: string, status = "open") => ({ id: id(at), deathId: `d${at}`, reason, status });

/** Two sends, stored and acked in order: nothing to find. */
function clean(): Outcome {
  return { sends: sends("healthy", "healthy"), wire: [...stored([0, 1]), ...acked(0), ...acked(1)], items: [item(0), item(1)], deaths: [], deadLetters: [], left: 0, kills: [], visibilityMs: 5_000 };
}
const findings = (planted: Partial<Outcome>) => check({ ...clean(), ...planted });
const broken = (planted: Partial<Outcome>) => violations(findings(planted), { redoLimitSeconds: 10 }).map((text) => text.split(":")[0]);

test("a clean run has no violation", () => {
  expect(broken({})).toEqual([]);
});

describe("a planted violation is found", () => {
  test("lost: an accepted activity that is nowhere", () => {
    expect(findings({ items: [item(1)] }).lost).toEqual([id(0)]);
    expect(broken({ items: [item(1)] })).toContain("lost");
  });
  test("lost: a healthy activity that is only dead", () => {
    const dead = findings({ items: [item(1)], deaths: [death(0, "handler_failed")], deadLetters: [id(0)] });
    expect(dead).toMatchObject({ lost: [id(0)], bystandersDead: [id(0)] });
  });
  test("unexpected: stored though refused, and stored though never sent", () => {
    const [first, second] = sends("healthy", "healthy");
    expect(findings({ sends: [{ ...(first as Send), outcome: "refused" }, second as Send] }).unexpected).toEqual([id(0)]);
    expect(findings({ items: [item(0), item(1), item(7)] }).unexpected).toEqual([id(7)]);
  });
  test("what is unknown may be stored or not", () => {
    const [first, second] = sends("healthy", "healthy");
    const unknown = [{ ...(first as Send), outcome: "unknown" as const }, second as Send];
    expect(broken({ sends: unknown })).toEqual([]);
    expect(broken({ sends: unknown, items: [item(1)], wire: [...stored([1]), ...acked(1)] })).toEqual([]);
  });
  test("twice: two items of one activity, and one that says something else", () => {
    expect(findings({ items: [item(0), item(0), item(1)] }).twice).toEqual([`item ${id(0)}`]);
    expect(findings({ items: [item(0, "other"), item(1)] }).twice).toEqual([`content ${id(0)}`]);
  });
  test("twice: two deaths of one activity", () => {
    const twice = findings({ sends: sends("rejected"), items: [], wire: [], deaths: [death(0, "rejected_by_table"), death(0, "rejected_by_table")], deadLetters: [id(0)] });
    expect(twice.twice).toEqual([`death ${id(0)}`]);
  });
  test("out of order: a follower acked while the one before was not stored", () => {
    const wire = [...stored([1]), ...acked(1), ...stored([0]), ...acked(0)];
    expect(findings({ wire }).outOfOrder).toEqual([[id(0), id(1)]]);
  });
  test("out of order: a follower stored first, in a call of its own", () => {
    const wire = [...stored([1]), ...stored([0]), ...acked(0), ...acked(1)];
    expect(findings({ wire }).outOfOrder).toEqual([[id(0), id(1)]]);
  });
  test("in order: the earlier one came back unprocessed from the call they shared", () => {
    const wire: WireFact[] = [
      { what: "store_asked", n: next(), call: 1, ids: [id(0), id(1)] },
      { what: "stored", n: next(), atMs: 0, call: 1, ids: [id(1)] },
      ...stored([0], 2),
      ...acked(0),
      ...acked(1),
    ];
    expect(broken({ wire })).toEqual([]);
  });
  test("out of order: of one request that was sent again, unless the follower was accepted alone and may have been queued before", () => {
    const [first, second] = sends("healthy", "healthy") as [Send, Send];
    const wire = [...stored([1]), ...acked(1), ...stored([0]), ...acked(0)];
    type Tries = NonNullable<Send["tries"]>;
    const tried = (said: Tries[number]["said"], askedN: number) => ({ said, askedN, answeredN: askedN + 1 });
    const again = (send: Send, position: number, ...tries: Tries): Send => ({ ...send, request: 0, position, askedN: 10, answeredN: tries.at(-1)?.answeredN ?? null, tries });
    const told = (a: Tries, b: Tries) => broken({ wire, sends: [again(first, 0, ...a), again(second, 1, ...b)] });
    const lost = tried("unknown", 10);
    expect(told([lost, tried("ok", 20)], [lost, tried("ok", 20)])).toEqual(["outOfOrder"]);
    expect(told([lost, tried("unknown", 20), tried("ok", 30)], [lost, tried("ok", 20)])).toEqual(["outOfOrder"]);
    expect(told([tried("ok", 20)], [tried("unsent", 20), tried("ok", 30)])).toEqual(["outOfOrder"]);
    expect(told([lost, tried("ok", 20)], [lost, tried("unsent", 20), tried("ok", 30)])).toEqual([]);
    expect(told([tried("ok", 20)], [tried("unknown", 20), tried("ok", 30)])).toEqual([]);
  });
  test("no order between sends under way at once, nor after an outOfOrder verdict", () => {
    const [first, second] = sends("healthy", "healthy") as [Send, Send];
    const wire = [...stored([1]), ...acked(1), ...stored([0]), ...acked(0)];
    expect(broken({ wire, sends: [{ ...first, answeredN: 99 }, second] })).toEqual([]);
    const oneRequest = [first, { ...second, request: 0, position: 1 }] as [Send, Send];
    expect(broken({ wire, sends: oneRequest })).toEqual(["outOfOrder"]);
    expect(broken({ wire, sends: [oneRequest[0], { ...oneRequest[1], outOfOrder: true }] })).toEqual([]);
  });
  test("acked early: before it was stored", () => {
    expect(findings({ wire: [...acked(0), ...stored([0, 1]), ...acked(1)] }).ackedEarly).toEqual([id(0)]);
  });
  test("poison alive: stored, or dead of something else", () => {
    expect(findings({ sends: sends("killer", "healthy") }).poisonAlive).toEqual([id(0)]);
    const otherwise = { sends: sends("killer", "healthy"), items: [item(1)], deaths: [death(0, "handler_failed")], deadLetters: [id(0)] };
    expect(findings(otherwise).poisonAlive).toEqual([id(0)]);
    expect(findings({ ...otherwise, deaths: [death(0, "process_killer")] }).poisonAlive).toEqual([]);
  });
  test("poison alive: redriven, and its death still open", () => {
    const run = { sends: sends("redriven", "healthy"), deadLetters: [id(0)] };
    expect(findings({ ...run, deaths: [death(0, "rejected_by_table")] }).poisonAlive).toEqual([id(0)]);
    expect(findings({ ...run, deaths: [death(0, "rejected_by_table", "stored")] }).poisonAlive).toEqual([]);
  });
  test("a death without its dead letter", () => {
    expect(findings({ sends: sends("malformed", "healthy"), items: [item(1)], deaths: [death(0, "malformed")] }).deathsUnsent).toEqual([id(0)]);
  });
  test("left: messages that were not drained", () => {
    expect(broken({ left: 3 })).toEqual(["left"]);
  });
  test("redo: the work of a killed worker took too long, and is counted from the last kill that hit its group", () => {
    const kills = [{ client: "w1", atMs: 1_000 }];
    const slow = { kills, wire: [received(0), ...stored([0, 1]), ...acked(0, { atMs: 12_500 }), ...acked(1)] };
    expect(findings(slow).redoSeconds).toEqual([11.5]);
    expect(broken(slow)).toEqual(["redo"]);
    const again = {
      kills: [...kills, { client: "w2", atMs: 7_000 }],
      wire: [received(0), received(0, { atMs: 6_000, client: "w2" }), ...stored([0, 1]), ...acked(0, { atMs: 12_500 }), ...acked(1)],
    };
    expect(findings(again).redoSeconds).toEqual([5.5]);
  });
  test("redo: a receive that was answered when its worker was dead already counts from then", () => {
    const late = { kills: [{ client: "w1", atMs: 1_000 }], wire: [received(0, { atMs: 1_020 }), ...stored([0, 1]), ...acked(0, { atMs: 7_020 }), ...acked(1)] };
    expect(findings(late).redoSeconds).toEqual([6]);
  });
  test("redo: a receive that only SQS's count tells of counts from a visibility before the next", () => {
    const kills = [{ client: "w1", atMs: 1_000 }];
    const again = (count: number): WireFact[] => [received(0), received(0, { atMs: 11_500, client: "w2", count }), ...stored([0, 1]), ...acked(0, { atMs: 12_000 }), ...acked(1)];
    expect(findings({ kills, wire: again(3) }).redoSeconds).toEqual([5.5]);
    expect(findings({ kills, wire: again(2) }).redoSeconds).toEqual([11]);
    expect(findings({ wire: again(3) }).redoSeconds).toEqual([]);
  });
  test("redo: what a killed worker held and nobody did again", () => {
    expect(findings({ kills: [{ client: "w1", atMs: 1_000 }], wire: [received(0), ...stored([0, 1]), ...acked(1)] }).redoSeconds).toEqual([Infinity]);
  });
});
