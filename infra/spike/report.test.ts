import { describe, expect, it } from "vitest";
import { allAccepted, progressLine, reportLines } from "./report.ts";
import { createTally } from "./tally.ts";

describe("the report", () => {
  it("says what was accepted and how fast", () => {
    const tally = createTally();
    for (const latency of [1, 2, 30]) tally.request(latency);
    for (let number = 0; number < 3_000; number += 1) tally.settle(`u${number % 7}`, `line ${number}`, { kind: "accepted", outOfOrder: false });
    const summary = tally.summary();
    expect(reportLines(summary, { elapsedMs: 2_000, stoppedEarly: false })).toEqual([
      "3,000 activities of 7 users in 2.0 s",
      "  accepted    3,000 (1,500/s)",
      "  refused     0",
      "  latency     p50 2.0 ms · p95 30 ms · p99 30 ms · max 30 ms over 3 requests",
    ]);
    expect(allAccepted(summary)).toBe(true);
    expect(progressLine(tally.counts(), 2_000)).toBe("2 s · 3,000 accepted · 1,500/s");
  });

  it("prints no escape sequence that an answer held", () => {
    const tally = createTally();
    tally.settle("u", "line 1", { kind: "refused", reason: "a\u001B[2Jb\u009Bc\n" });
    expect(reportLines(tally.summary(), { elapsedMs: 1, stoppedEarly: false }).join("\n")).toContain("1 x a\uFFFD[2Jb\uFFFDc\uFFFD (first");
  });

  it("names what was not, and leaves nothing out", () => {
    const tally = createTally();
    tally.settle("u", "line 3", { kind: "refused", reason: "type is wrong" });
    tally.settle("u", "line 4", { kind: "again", as: "unknown", reason: "ECONNRESET" });
    for (let line = 1; line <= 25; line += 1) tally.unparseable(`line ${line}`, "odd");
    const text = reportLines(tally.summary(), { elapsedMs: 1_000, stoppedEarly: true }).join("\n");
    expect(text).toContain("stopped early");
    expect(text).toContain("1 x type is wrong (first: line 3)");
    expect(text).toContain("1 x ECONNRESET (first: line 4)");
    expect(text).toContain("25 lines of the log");
    expect(text).toContain("line 20: odd");
    expect(text).toContain("and 5 more");
    expect(allAccepted(tally.summary())).toBe(false);
  });
});
