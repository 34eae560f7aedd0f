import { describe, expect, it } from "vitest";
import type { DrainEta } from "#lib/contracts/overview.ts";
import { prepareFigures } from "./figures.ts";
import { stateSentence } from "./state-sentence.ts";
import { drain, failed, ok, overview, stale, worker } from "./testing/overview.ts";
import { clockTime } from "./clock-time.ts";
import { count, percent, rate, short } from "./numbers.ts";

const figure = (id: string, from = overview()) => prepareFigures(from).find((one) => one.id === id);
const sentence = (from: ReturnType<typeof overview>) => {
  const { headline, parts } = stateSentence(from);
  return `${headline}: ${parts.map((part) => (typeof part === "string" ? part : `[${part.at}]`)).join("")}`;
};
const eta = (value: DrainEta) => ({ timeToDrain: ok(value) });

describe("figures", () => {
  it("shows each with its unit and source", () => {
    expect(figure("waiting")).toMatchObject({ value: "41,200", state: "ok", source: "SQS" });
    expect(figure("oldest-age")).toMatchObject({ value: "4 min 12 s" });
    expect(figure("time-to-drain")).toMatchObject({ value: "5 min 24 s", noteAt: "2026-01-31T12:05:24.000Z" });
    expect(figure("write-units")).toMatchObject({ value: "182", unit: "WCU/s", note: "of 200 provisioned" });
  });

  it("never shows a failed reading as zero", () => {
    const away = overview({ figures: { waiting: failed(), drain: failed("worker samples") } });
    for (const id of ["waiting", "drain", "write-units"]) expect(figure(id, away)).toMatchObject({ value: "–", state: "error", error: "connection refused" });
  });

  it("keeps an old value with its age and the reason", () => {
    expect(figure("waiting", overview({ figures: { waiting: stale(12) } }))).toMatchObject({ value: "12", state: "stale", asOf: "2026-01-31T11:59:20.000Z", error: "connection refused" });
  });

  it("calls the age of an empty queue none", () => {
    expect(figure("oldest-age", overview({ figures: { oldestAgeSeconds: ok<number | null>(null) } }))?.value).toBe("none");
  });
});

describe("the state sentence", () => {
  it("tells when a backlog clears and how hard the table works", () => {
    expect(sentence(overview())).toBe("Draining: 41,200 waiting, clears at [2026-01-31T12:05:24.000Z], at 91 % of the table's write units.");
  });

  it.each([
    ["quiet", overview({ figures: { ...eta({ state: "empty" }), arrivalPerSecond: ok(0) } }), "Quiet: The queue is empty and nothing arrives."],
    ["keeping up", overview({ figures: { ...eta({ state: "empty" }), arrivalPerSecond: ok(90) } }), "Keeping up: 90/s arrive and nothing waits"],
    ["growing", overview({ figures: { ...eta({ state: "growing", perSecond: 152 }), arrivalPerSecond: ok(300) } }), "Growing: 41,200 waiting: 300/s arrive, 148/s leave"],
    ["behind", overview({ figures: eta({ state: "will_not_drain", neededWcuPerSecond: 320.2 }) }), "keeping up with what arrives takes 321 WCU/s"],
    ["no worker", overview({ figures: eta({ state: "stalled" }), workers: ok([worker({ alive: false })]) }), "Stalled: 41,200 waiting and no worker is running."],
    ["throttled", overview({ figures: { ...eta({ state: "stalled" }), throttlesLastMinute: ok(9) } }), "the table throttles"],
    ["no reading", overview({ figures: { waiting: failed() } }), "Unknown: The queue cannot be read: connection refused."],
    ["old reading", overview({ figures: { waiting: stale(12) } }), "Not live: The queue does not answer; it last showed 12 waiting at [2026-01-31T11:59:20.000Z]."],
    ["only in flight", overview({ figures: { waiting: ok(0) } }), "300 in flight"],
    ["paused", overview({ dial: ok(drain({ mode: "paused", effectiveWcuPerSecond: 0, changedBy: "bob", reason: "deploy" })), figures: eta({ state: "stalled" }) }), "Paused: 41,200 waiting, and draining is paused by bob since [2026-01-31T11:55:00.000Z] (deploy)."],
    ["paused and empty", overview({ dial: ok(drain({ mode: "paused" })), figures: { waiting: ok(0), inFlight: ok(0), ...eta({ state: "empty" }) } }), "Paused: The queue is empty, and draining is paused by ada"],
    ["unknown rates", overview({ figures: eta({ state: "unknown", reason: "the drain rate is not known" }) }), "Not sure: 41,200 waiting, but the drain rate is not known."],
  ])("%s", (_name, from, words) => {
    expect(sentence(from)).toContain(words);
  });
});

describe("numbers", () => {
  it("are as exact as they can be read", () => {
    expect([count(41_200), count(12_400_000), rate(0), rate(0.01), rate(12.34), rate(180.4), short(1_250), short(2_000_000), percent(0.004), percent(0.912)]).toEqual([
      "41,200", "12.4 M", "0", "<0.1", "12.3", "180", "1.3k", "2M", "<1 %", "91 %",
    ]);
  });

  it("a time of another day carries its date", () => {
    const at = Date.parse("2026-01-31T23:30:00.000Z");
    expect(clockTime(at, { nowMs: at, zone: "UTC" })).toBe("23:30");
    expect(clockTime(at + 3_600_000, { nowMs: at, zone: "UTC" })).toBe("02-01 00:30");
  });
});
