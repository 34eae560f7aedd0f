import { expect, it } from "vitest";
import { type Answer, createJudge } from "./judge.ts";
import type { Content, Sent } from "./oracle.ts";

const sentAs = (text: string, more: Partial<Sent> = {}): Sent => ({ body: Buffer.from(text), headers: { "Content-Type": "application/json" }, valid: true, ...more });
const TEXT = '{"id":"1","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z","properties":{"n":9007199254740993, "a":"\\u0061"}}';
const CONTENT: Content = { id: "1", userId: "u", type: "t", occurredAt: "2026-01-31T12:00:00.000Z", sessionId: null, source: null, properties: '{"n":9007199254740993, "a":"\\u0061"}' };
const ACCEPTED: Answer = { status: 202, results: [{ status: "accepted", id: "1", occurredAt: "2026-01-31T12:00:00.000Z" }] };
const REFUSED: Answer = { status: 422, results: [{ status: "refused", reason: "x" }] };

function judged(sent: Sent, answer: Answer | null, stored: Content[]): string[] {
  const judge = createJudge();
  judge.answered(0, sent, answer, { asked: 1, answered: 2 });
  for (const content of stored) judge.found(content);
  return judge.verdict().map(({ what }) => what);
}

it("finds nothing where all is well", () => {
  expect(judged(sentAs(TEXT), ACCEPTED, [CONTENT])).toEqual([]);
  expect(judged(sentAs("{", { valid: false }), { status: 400, results: null }, [])).toEqual([]);
  expect(judged(sentAs(TEXT, { valid: false }), null, [CONTENT])).toEqual([]);
  expect(judged(sentAs(TEXT, { valid: false }), null, [])).toEqual([]);
  expect(judged(sentAs(TEXT), { status: 429, results: null }, [])).toEqual([]);
  const twice: Answer = { status: 202, results: [...(ACCEPTED.results ?? []), ...(ACCEPTED.results ?? [])] };
  expect(judged(sentAs(`[${TEXT},${TEXT.replace('"t"', '"later"')}]`), twice, [{ ...CONTENT, type: "later" }])).toEqual([]);
});

it.each<[string, Sent, Answer | null, Content[], string[]]>([
  ["an activity that is lost", sentAs(TEXT), ACCEPTED, [], ["lost"]],
  ["a number that was rounded", sentAs(TEXT), ACCEPTED, [{ ...CONTENT, properties: '{"n":9007199254740992, "a":"\\u0061"}' }], ["lost", "unexpected"]],
  ["a space that was dropped", sentAs(TEXT), ACCEPTED, [{ ...CONTENT, properties: '{"n":9007199254740993,"a":"\\u0061"}' }], ["lost", "unexpected"]],
  ["a refused one that is stored", sentAs(TEXT, { valid: false }), REFUSED, [CONTENT], ["unexpected"]],
  ["one that was shed and is stored", sentAs(TEXT), { status: 429, results: null }, [CONTENT], ["unexpected"]],
  ["one that nobody sent", sentAs(TEXT), ACCEPTED, [CONTENT, { ...CONTENT, id: "2" }], ["unexpected"]],
  ["one that is stored twice", sentAs(TEXT), ACCEPTED, [CONTENT, CONTENT], ["unexpected"]],
  ["the earlier of two under one key", sentAs(`[${TEXT},${TEXT.replace('"t"', '"later"')}]`), { status: 202, results: [...(ACCEPTED.results ?? []), ...(ACCEPTED.results ?? [])] }, [CONTENT], ["lost"]],
  ["a session that is gone", sentAs(TEXT.replace('"id"', '"sessionId":"s","id"')), ACCEPTED, [CONTENT], ["lost", "unexpected"]],
  ["a source that came to another", sentAs(TEXT.replace('"id"', '"source":"s","id"')), ACCEPTED, [{ ...CONTENT, sessionId: "s" }], ["lost", "unexpected"]],
  ["another user's", sentAs(TEXT), ACCEPTED, [{ ...CONTENT, userId: "v" }], ["lost", "unexpected"]],
  ["a good one that was refused", sentAs(TEXT), REFUSED, [], ["refused_valid", "refused_valid"]],
  ["a fault of the server", sentAs(TEXT), { status: 500, results: null }, [], ["server_error", "refused_valid"]],
  ["a good one that has no answer", sentAs(TEXT), null, [CONTENT], ["unanswered"]],
  ["an answer that is none of its", sentAs("{", { valid: false }), { status: 404, results: null }, [], ["odd_answer"]],
  ["202 without verdicts", sentAs(TEXT), { status: 202, results: null }, [], ["odd_answer"]],
  ["a verdict too few", sentAs(`[${TEXT},${TEXT}]`), ACCEPTED, [], ["wrong_verdicts"]],
  ["another key in the verdict", sentAs(TEXT), { status: 202, results: [{ status: "accepted", id: "2", occurredAt: "2026-01-31T12:00:00.000Z" }] }, [], ["wrong_verdicts"]],
  ["a body that is no JSON, taken", sentAs(`${TEXT}x`, { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["a body that is no UTF-8, taken", { ...sentAs("", { valid: false }), body: Buffer.concat([Buffer.from(TEXT), Buffer.from([0xff])]) }, ACCEPTED, [], ["accepted_wrongly"]],
  ["a key that stands twice, taken", sentAs(TEXT.replace('"a"', '"n"'), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["a field that is none, taken", sentAs(TEXT.replace('"id"', '"more":1,"id"'), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["a number for a user, taken", sentAs(TEXT.replace('"u"', "5"), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["no user, taken", sentAs(TEXT.replace('"userId":"u",', ""), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["a user of too many characters, taken", sentAs(TEXT.replace('"u"', `"${"😀".repeat(257)}"`), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["half a character, taken", sentAs(TEXT.replace('"u"', '"\\ud800"'), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["a type in capitals, taken", sentAs(TEXT.replace('"t"', '"T"'), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
  ["a time without a zone, taken", sentAs(TEXT.replace("00:00Z", "00:00"), { valid: false }), ACCEPTED, [], ["accepted_wrongly"]],
])("finds %s", (_, sent, answer, stored, found) => {
  expect(judged(sent, answer, stored)).toEqual(found);
});
