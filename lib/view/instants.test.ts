import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ago, dateTime, duration, fromLocalField, toLocalField, zoneLabel } from "./instants.ts";

const at = "2026-01-31T12:00:00.005Z";
const ms = Date.parse(at);

describe("dateTime", () => {
  it("is shown in the zone asked for", () => {
    expect(dateTime(at, { zone: "Asia/Kolkata" })).toBe("2026-01-31 17:30:00");
    expect(dateTime(at, { zone: "UTC", milliseconds: true })).toBe("2026-01-31 12:00:00.005");
    expect(dateTime("2026-01-31T00:00:00.000Z", { zone: "UTC" })).toBe("2026-01-31 00:00:00");
  });
});

describe("zoneLabel", () => {
  it("names the zone and its offset", () => {
    expect(zoneLabel(ms, "Europe/Berlin")).toBe("Europe/Berlin, UTC+01:00");
    expect(zoneLabel(ms, "UTC")).toBe("UTC");
  });
});

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [412, "412 ms"],
    [3_290, "3.2 s"],
    [59_999, "59 s"],
    [250_000, "4 min 10 s"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
    [-1_500, "-1.5 s"],
  ])("%d ms is %s", (given, text) => {
    expect(duration(given)).toBe(text);
  });
});

describe("ago", () => {
  it.each([
    [-60_000, "just now"],
    [4_999, "just now"],
    [12_000, "12 s ago"],
    [300_000, "5 min ago"],
    [47 * 3_600_000, "47 h ago"],
    [72 * 3_600_000, "3 d ago"],
  ])("an age of %d ms is %s", (age, text) => {
    expect(ago(at, ms + age)).toBe(text);
  });
});

describe("local fields", () => {
  it("come back to the same second, whatever the reader's zone", () => {
    // Away from clock changes, where one wall-clock time names two instants.
    const january = fc.integer({ min: Date.parse("2026-01-05T00:00:00Z"), max: Date.parse("2026-01-25T00:00:00Z") });
    fc.assert(
      fc.property(january, (given) => {
        const second = Math.floor(given / 1000) * 1000;
        expect(fromLocalField(toLocalField(given))).toBe(new Date(second).toISOString());
      }),
    );
  });

  it("end at the last millisecond of what was named", () => {
    const start = Date.parse(fromLocalField("2026-01-31T12:00") ?? "");
    expect(Date.parse(fromLocalField("2026-01-31T12:00", { end: true }) ?? "") - start).toBe(59_999);
    expect(Date.parse(fromLocalField("2026-01-31T12:00:00", { end: true }) ?? "") - start).toBe(999);
  });

  it("are null when empty or no date", () => {
    expect([fromLocalField(""), fromLocalField("yesterday"), fromLocalField("2026-13-01T00:00")]).toEqual([null, null, null]);
  });
});
