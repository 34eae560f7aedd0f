import { describe, expect, it } from "vitest";
import { type Answer, readFates } from "./answers.ts";

const answer = (status: number, body: unknown): Answer => ({ kind: "answer", status, body: JSON.stringify(body), retryAfterSeconds: null });
const accepted = { status: "accepted", id: "a", occurredAt: "2026-01-31T12:00:00.000Z" };
const problem = (status: number, more: object = {}) => ({ type: "about:blank", title: "No", status, code: "no", ...more });

describe("readFates", () => {
  it("takes verdicts by position, whatever the status they come with", () => {
    const results = [
      accepted,
      { ...accepted, outOfOrder: true },
      { status: "refused", field: "activities[2].userId", reason: "is empty" },
      { status: "not_sent", id: "d", reason: "late" },
      { status: "unknown", id: "e", reason: "lost" },
    ];
    const fates = [
      { kind: "accepted", outOfOrder: false },
      { kind: "accepted", outOfOrder: true },
      { kind: "refused", reason: "userId is empty" },
      { kind: "again", as: "not_sent", reason: "late" },
      { kind: "again", as: "unknown", reason: "lost" },
    ];
    expect(readFates(answer(207, { results }), 5)).toEqual(fates);
    expect(readFates(answer(503, problem(503, { results })), 5)).toEqual(fates);
  });

  it("never takes a short or odd answer for an acceptance", () => {
    for (const odd of [answer(202, { results: [accepted] }), answer(202, "hello"), answer(500, {}), answer(502, "<html>")]) {
      expect(readFates(odd, 2)).toEqual([expect.objectContaining({ kind: "again", as: "unknown" }), expect.objectContaining({ kind: "again" })]);
    }
  });

  it("sends again what was shed or never arrived, and not what was refused whole", () => {
    expect(readFates(answer(429, problem(429)), 1)).toMatchObject([{ kind: "again", as: "not_sent" }]);
    expect(readFates(answer(408, problem(408)), 1)).toMatchObject([{ kind: "again", as: "not_sent" }]);
    expect(readFates(answer(503, problem(503, { code: "keys_unavailable" })), 1)).toMatchObject([{ kind: "again", as: "not_sent" }]);
    expect(readFates({ kind: "none", reason: "refused", sent: false }, 1)).toMatchObject([{ kind: "again", as: "not_sent" }]);
    expect(readFates({ kind: "none", reason: "reset", sent: true }, 1)).toMatchObject([{ kind: "again", as: "unknown" }]);
    expect(readFates(answer(404, problem(404, { detail: "Nothing." })), 1)).toEqual([{ kind: "refused", reason: "404 No: Nothing." }]);
  });
});
