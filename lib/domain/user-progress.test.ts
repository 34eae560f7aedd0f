import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReportBuffer, isLater, overCapRetrySeconds, type ReportBatch, tellable } from "#lib/domain/user-progress.ts";

describe("sequence numbers", () => {
  it("compare as the numbers that they are", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 39n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 39n - 1n }), fc.nat({ max: 5 }), (one, other, zeros) => {
        expect(isLater(`${"0".repeat(zeros)}${one}`, String(other))).toBe(one > other);
        expect(isLater(String(one).padStart(39, "0"), String(other).padStart(39, "0"))).toBe(one > other);
      }),
    );
  });

  it("are told of only when they are some, and of groups that SQS knows", () => {
    expect(tellable("abc_-.!", "18850000000000000000")).toBe(true);
    for (const [group, sequence] of [["", "1"], ["a b", "1"], ["a\n", "1"], ["é", "1"], ["a", ""], ["a", "1.5"], ["a", "-1"], ["a", "9".repeat(40)]] as const) {
      expect(tellable(group, sequence)).toBe(false);
    }
  });
});

interface Row {
  user: string;
  count: number;
}

describe("createReportBuffer", () => {
  const add = (buffer: ReturnType<typeof createReportBuffer<Row>>, user: string) => {
    const row = buffer.row(user, () => ({ user, count: 0 }));
    if (row) row.count += 1;
    return row !== null;
  };

  it("tells everything once, of each user or as lost, whatever fails and however answers are lost", async () => {
    const step = fc.oneof(fc.record({ user: fc.integer({ min: 0, max: 12 }) }), fc.constantFrom("told" as const, "fails" as const, "answer lost" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const buffer = createReportBuffer<Row>({ maxUsers: 8, batchUsers: 3 });
        const kept = new Map<string, number>();
        const told = new Map<string, number>();
        let [lost, lostTold, last, ended] = [0, 0, 0, false];
        // As the database takes them: a number that is not above the last counts for nothing.
        const arrive = ({ flush, rows, lost: more, ended: over }: ReportBatch<Row>) => {
          if (flush <= last) return;
          last = flush;
          lostTold += more;
          ended = over;
          for (const { user, count } of rows) told.set(user, (told.get(user) ?? 0) + count);
          expect(rows.length).toBeLessThanOrEqual(3);
        };
        for (const one of steps) {
          if (typeof one === "object") {
            if (add(buffer, `u${one.user}`)) kept.set(`u${one.user}`, (kept.get(`u${one.user}`) ?? 0) + 1);
            else lost += 1;
            expect(buffer.users()).toBeLessThanOrEqual(8);
            continue;
          }
          const report = async (batch: ReportBatch<Row>) => {
            if (one !== "fails") arrive(batch);
            if (one !== "told") throw new Error("no answer");
          };
          await buffer.flush({ report, nowMs: 0 }).catch(() => undefined);
        }
        await buffer.flush({ report: async (batch) => arrive(batch), nowMs: 0, final: true });
        expect(told).toEqual(kept);
        expect(lostTold).toBe(lost);
        expect(ended).toBe(true);
      }),
    );
  });

  it("tells of an idle process every five seconds, and waits for a call that is under way only at the end", async () => {
    const buffer = createReportBuffer<Row>({ maxUsers: 8, batchUsers: 3 });
    const flushes: number[] = [];
    const report = async ({ flush }: ReportBatch<Row>) => void flushes.push(flush);
    for (const nowMs of [0, 1_000, 4_999, 5_000, 6_000]) await buffer.flush({ report, nowMs });
    expect(flushes).toEqual([1, 2]);
    add(buffer, "a");
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = buffer.flush({ report: async ({ flush }) => (flushes.push(flush), await promise), nowMs: 7_000 });
    add(buffer, "b");
    await buffer.flush({ report, nowMs: 7_001 });
    expect(flushes).toEqual([1, 2, 3]);
    const final = buffer.flush({ report, nowMs: 7_002, final: true });
    resolve();
    await Promise.all([slow, final]);
    expect(flushes).toEqual([1, 2, 3, 4]);
    expect(buffer.users()).toBe(0);
  });
});

describe("overCapRetrySeconds", () => {
  it("is the time that the backlog takes to fall a tenth below the cap, within bounds", () => {
    expect(overCapRetrySeconds({ waiting: 20_000, cap: 20_000, passingPerSecond: 100 })).toBe(20);
    expect(overCapRetrySeconds({ waiting: 18_001, cap: 20_000, passingPerSecond: 100 })).toBe(1);
    expect(overCapRetrySeconds({ waiting: 20_000, cap: 20_000, passingPerSecond: 0.1 })).toBe(300);
    expect(overCapRetrySeconds({ waiting: 20_000, cap: 20_000, passingPerSecond: 0 })).toBe(60);
  });
});
