import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SeriesPoint } from "#lib/contracts/overview.ts";
import { prepareSeries, type SeriesInput } from "./series.ts";

const END = Date.parse("2026-01-31T12:00:00.000Z") / 1000;

function point(t: number, waiting: number | null): SeriesPoint {
  return { t, waiting, arrivalPerSecond: null, drainPerSecond: null, writeUnitsPerSecond: null, throttles: null };
}

function prepare(change: Partial<SeriesInput>) {
  return prepareSeries({
    history: [],
    periodSeconds: 60,
    live: [],
    measures: ["waiting"],
    bucketSeconds: 5,
    fromMs: (END - 900) * 1000,
    toMs: END * 1000,
    ...change,
  });
}

const minutes = (from: number, to: number, value: number | null = 5) => Array.from({ length: (to - from) / 60 }, (_, index) => point(from + index * 60, value));
const live = (from: number, to: number, value: number | null = 7) => Array.from({ length: to - from }, (_, index) => point(from + index, value));
const values = (rows: ReturnType<typeof prepare>) => rows.map((row) => row.values.waiting);

describe("prepareSeries", () => {
  it("has no rows where nothing was measured", () => {
    expect(prepare({ live: live(END - 60, END, null) })).toEqual([]);
  });

  it("goes from CloudWatch's minutes to live buckets without a break and without measuring a minute twice", () => {
    const rows = prepare({ history: minutes(END - 600, END), live: live(END - 300, END) });
    expect(values(rows)).toEqual([...Array<number>(5).fill(5), ...Array<number>(60).fill(7)]);
  });

  it("breaks the line where nobody measured", () => {
    const rows = prepare({ history: minutes(END - 600, END - 300), live: live(END - 60, END) });
    expect(values(rows).filter((value) => value === null)).toHaveLength(1);
    expect(values(rows)[5]).toBeNull();
  });

  it("fills a hole in the live part from CloudWatch", () => {
    const rows = prepare({ history: minutes(END - 300, END - 60), live: [...live(END - 300, END - 240), ...live(END - 60, END)] });
    expect(values(rows)).toEqual([...Array<number>(12).fill(7), 5, 5, 5, ...Array<number>(12).fill(7)]);
  });

  it("takes CloudWatch's word for a minute of which only a few seconds were seen live", () => {
    const rows = prepare({ history: minutes(END - 180, END), live: [...live(END - 120, END - 110), ...live(END - 60, END)] });
    expect(values(rows)).toEqual([5, 7, 7, 5, ...Array<number>(12).fill(7)]);
  });

  it("keeps a zero a zero and a gap a gap", () => {
    const rows = prepare({ live: [...live(END - 60, END - 40, 0), ...live(END - 40, END - 10, null), ...live(END - 10, END, 3)] });
    expect(values(rows)).toEqual([0, 0, 0, 0, null, 3, 3]);
  });

  it("sets the bucket that is not over apart, joined to the one before", () => {
    const rows = prepare({ live: live(END - 12, END - 3) });
    expect(rows.map((row) => [row.values.waiting, row.partial.waiting])).toEqual([
      [7, null],
      [7, 7],
      [null, 7],
    ]);
  });

  it("runs forward in time, inside the range, and shows no value that was not measured", () => {
    const measured = fc.option(fc.integer({ min: 0, max: 100 }), { nil: null });
    fc.assert(
      fc.property(fc.array(measured, { maxLength: 20 }), fc.array(measured, { maxLength: 300 }), (past, recent) => {
        const rows = prepare({
          history: past.map((value, index) => point(END - 1_200 + index * 60, value)),
          live: recent.map((value, index) => point(END - recent.length + index, value)),
        });
        const known = [...past, ...recent].filter((value) => value !== null);
        for (const [index, row] of rows.entries()) {
          expect(row.at).toBeGreaterThan(rows[index - 1]?.at ?? 0);
          expect(row.at).toBeLessThanOrEqual(END * 1000);
          const shown = row.values.waiting ?? row.partial.waiting;
          if (shown !== null && shown !== undefined) {
            expect(shown).toBeGreaterThanOrEqual(Math.min(...known));
            expect(shown).toBeLessThanOrEqual(Math.max(...known));
          }
        }
      }),
    );
  });
});
