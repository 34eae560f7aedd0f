import { describe, expect, it } from "vitest";
import type { DeadLetterList } from "#lib/contracts/dead-letters.ts";
import { ledgerState, receiptState, sideList } from "./query-states.ts";
import { sampleReceipt } from "./samples.ts";

const NOW = Date.parse("2026-01-31T12:00:00.000Z");
const count = { value: 0, capped: false };
const data: DeadLetterList = { items: [], nextCursor: null, counts: { open: count, awaitingSweep: count, failing: count } };
const fresh = { data, error: null, failureReason: null, dataUpdatedAt: NOW - 1_000, isPlaceholderData: false };
const none = { ...fresh, data: undefined, dataUpdatedAt: 0 };

describe("ledgerState", () => {
  it("is awaited, failed, fresh", () => {
    expect(ledgerState(none, NOW)).toEqual({ kind: "loading" });
    expect(ledgerState({ ...none, error: new Error("away") }, NOW)).toEqual({ kind: "failed", message: "away" });
    expect(ledgerState({ ...none, failureReason: new Error("away") }, NOW)).toEqual({ kind: "failed", message: "away" });
    expect(ledgerState(fresh, NOW)).toMatchObject({ kind: "page", stale: null, busy: false, asOf: "2026-01-31T11:59:59.000Z" });
  });

  it("keeps the last rows with their age when polls fail or do not come back", () => {
    expect(ledgerState({ ...fresh, error: new Error("away"), dataUpdatedAt: NOW - 35_000 }, NOW)).toMatchObject({
      kind: "page",
      stale: { age: "35 s ago", message: "away" },
    });
    expect(ledgerState({ ...fresh, dataUpdatedAt: NOW - 11_000 }, NOW)).toMatchObject({ stale: { age: "11 s ago" } });
  });

  it("is busy while rows of another page stand in", () => {
    expect(ledgerState({ ...fresh, isPlaceholderData: true, dataUpdatedAt: 0 }, NOW)).toMatchObject({ busy: true, stale: null });
  });
});

describe("receiptState", () => {
  it("of a finished run never goes stale, of a running one does", () => {
    const old = { ...fresh, dataUpdatedAt: NOW - 60_000 };
    expect(receiptState({ ...old, data: { ...sampleReceipt(), state: "finished" } }, NOW)).toMatchObject({ stale: null });
    expect(receiptState({ ...old, data: sampleReceipt() }, NOW)).toMatchObject({ stale: { age: "1 min ago" } });
  });
});

describe("sideList", () => {
  it("keeps its rows when a later poll fails", () => {
    expect(sideList({ ...fresh, data: { items: [1] }, error: new Error("away") }, NOW)).toEqual({ kind: "rows", rows: [1], stale: { age: "just now", message: "away" } });
    expect(sideList({ ...fresh, data: { items: [1] } }, NOW)).toEqual({ kind: "rows", rows: [1], stale: null });
  });
});
