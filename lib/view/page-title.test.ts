import { describe, expect, it } from "vitest";
import type { DrainEta } from "#lib/contracts/overview.ts";
import { asDisconnected } from "./disconnected.ts";
import { overviewTitle } from "./page-title.ts";
import { disconnectedSentence, stateSentence } from "./state-sentence.ts";
import { failed, ok, overview, stale, worker } from "./testing/overview.ts";

describe("the tab's title", () => {
  it.each([
    ["what waits", overview(), "41,200 waiting · Spillway"],
    ["a stall, with what waits", overview({ figures: { timeToDrain: ok({ state: "stalled" }) } }), "Stalled: 41,200 waiting · Spillway"],
    ["an empty queue", overview({ figures: { waiting: ok(0), inFlight: ok(0), arrivalPerSecond: ok(0), timeToDrain: ok({ state: "empty" }) } }), "Quiet · Spillway"],
    ["a queue that cannot be read", overview({ figures: { waiting: failed() } }), "Unknown · Spillway"],
    ["an old depth, without its number", overview({ figures: { waiting: stale(12) } }), "Not live · Spillway"],
  ])("tells %s", (_name, from, title) => {
    expect(overviewTitle(from)).toBe(title);
  });
});

describe("a page without answers", () => {
  it("has no live figure, and leaves what failed as it is", () => {
    const shown = asDisconnected(overview({ figures: { deadLetters: failed() }, workers: ok([worker()]) }), "no answer");
    const { deadLetters, ...others } = shown.figures;
    expect(deadLetters).toEqual(failed());
    for (const figure of [...Object.values(others), shown.dial, shown.workers]) expect(figure).toMatchObject({ state: "stale", error: "no answer" });
    expect(shown.figures.waiting).toMatchObject({ value: 41_200 });
    expect(overviewTitle(shown)).toBe("Not live · Spillway");
  });

  it("says when it knew what", () => {
    expect(disconnectedSentence(overview())).toMatchObject({ headline: "Not live", parts: ["41,200 were waiting at ", { at: "2026-01-31T12:00:00.000Z" }, expect.any(String)] });
    expect(disconnectedSentence(overview({ figures: { waiting: failed() } })).parts[0]).toBe("The queue could not be read at ");
  });
});

describe("the sentence while Postgres is away", () => {
  it("tells the depth and claims nothing of what arrives and leaves", () => {
    const eta = stale<DrainEta>({ state: "draining", seconds: 60, clearsAt: "2026-01-31T12:01:00.000Z" });
    expect(stateSentence(overview({ figures: { timeToDrain: eta } }))).toMatchObject({ tone: "warn", parts: ["41,200 waiting, but what arrives and what is stored is not known: connection refused."] });
  });

  it("does not call a queue quiet of which nobody knows what arrives", () => {
    const empty = { waiting: ok(0), inFlight: ok(0), timeToDrain: ok({ state: "empty" } as const), arrivalPerSecond: failed("public API samples") };
    expect(stateSentence(overview({ figures: empty }))).toMatchObject({ tone: "warn", headline: "Not sure" });
  });
});
