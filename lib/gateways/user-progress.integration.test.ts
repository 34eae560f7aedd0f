import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { until } from "#infra/testing/until.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createUserProgress, type PassedReport, type ReportHeader } from "#lib/gateways/user-progress.ts";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 8 });
});

afterAll(async () => {
  await db?.$disconnect();
  await postgres?.close();
});

let queues = 0;
const fresh = () => {
  queues += 1;
  return createUserProgress({ db, queue: `queue ${queues}` });
};
/** As long as SQS's, and beyond what a bigint or a double holds. */
const sequence = (n: number) => `1888${String(n).padStart(16, "0")}`;
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n);
let flushes = 0;
const header = (over: Partial<ReportHeader> = {}): ReportHeader => ({ writer: "w", flush: (flushes += 1), lost: 0, ended: false, ...over });
const accepted = (userHash: string, last: number, count: number) => ({ userHash, sequence: sequence(last), at: at(last), count });
const passed = (userHash: string, last: number | null, count: number, more: Partial<PassedReport> = {}): PassedReport => ({
  userHash,
  through: last === null ? null : { sequence: sequence(last), sentAt: at(last) },
  passed: count,
  stored: count,
  failed: 0,
  dead: 0,
  ...more,
});

describe("createUserProgress", () => {
  it("keeps what was reported, and what waits is what lies between", async () => {
    const progress = fresh();
    await progress.reportAccepted(header(), [accepted("a", 10, 10), accepted("b", 3, 3)]);
    await progress.reportPassed(header(), [passed("a", 4, 4, { stored: 3, dead: 1, failed: 5 }), passed("c", null, 0, { failed: 1 })]);
    const row = await progress.ofUser("a");
    expect(row).toMatchObject({
      userHash: "a",
      acceptedSequence: sequence(10),
      acceptedAt: at(10),
      acceptedCount: 10,
      passedSequence: sequence(4),
      passedAt: at(4),
      passedCount: 4,
      storedCount: 3,
      deadCount: 1,
      failedCount: 5,
      waiting: 6,
    });
    // They fade while a slow machine gets here.
    const [arrival, passing] = [row?.arrivalPerSecond ?? 0, row?.passingPerSecond ?? 0];
    expect(arrival > 1 / 60 && arrival < 11 / 60).toBe(true);
    expect(passing / arrival).toBeCloseTo(0.4, 1);
    expect(row?.waitingSince?.getTime()).toBeLessThanOrEqual(row?.acceptedReportedAt?.getTime() ?? 0);
    expect((await progress.top({ by: "backlog", limit: 10 })).map(({ userHash }) => userHash)).toEqual(["a", "b"]);
    expect((await progress.top({ by: "arrival", limit: 1 })).map(({ userHash }) => userHash)).toEqual(["a"]);
    expect(await progress.waitingAtLeast({ waiting: 6, limit: 10 })).toMatchObject([{ userHash: "a", waiting: 6 }]);
    expect(await progress.ofUser("c")).toMatchObject({ passedSequence: null, passedAt: null, waiting: 0, failedCount: 1 });
    expect(await progress.ofUser("d")).toBeNull();
  });

  it("compares sequence numbers as numbers, beyond 64 bits and whatever their length", async () => {
    const progress = fresh();
    const low = "9".repeat(19);
    const high = `1${"0".repeat(38)}`;
    await progress.reportAccepted(header(), [{ userHash: "a", sequence: high, at: at(1), count: 1 }]);
    await progress.reportAccepted(header(), [{ userHash: "a", sequence: low, at: at(2), count: 1 }]);
    await progress.reportPassed(header(), [passed("a", null, 1, { through: { sequence: `0000${low}`, sentAt: at(2) } })]);
    expect(await progress.ofUser("a")).toMatchObject({ acceptedSequence: high, acceptedAt: at(2), passedSequence: low, waiting: 1 });
  });

  it("counts a report that comes twice once", async () => {
    const progress = fresh();
    const [first, second] = [header({ writer: "api" }), header({ writer: "worker" })];
    for (let time = 0; time < 3; time += 1) {
      await progress.reportAccepted(first, [accepted("a", 10, 10)]);
      await progress.reportPassed(second, [passed("a", 4, 4)]);
    }
    expect(await progress.ofUser("a")).toMatchObject({ acceptedCount: 10, passedCount: 4, waiting: 6 });
  });

  it("comes to the same row in whatever order reports arrive, of any number of processes", async () => {
    const cut = (total: number) => fc.uniqueArray(fc.integer({ min: 1, max: total - 1 }), { maxLength: 4 }).map((cuts) => [...cuts, total].toSorted((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(cut(30), cut(30), fc.array(fc.nat(), { minLength: 10, maxLength: 10 }), async (accepts, passes, order) => {
        const progress = fresh();
        const steps = [
          ...accepts.map((last, place) => () => progress.reportAccepted(header({ writer: `api ${place % 2}` }), [accepted("a", last, last - (accepts[place - 1] ?? 0))])),
          ...passes.map((last, place) => () => progress.reportPassed(header({ writer: `worker ${place % 2}` }), [passed("a", last, last - (passes[place - 1] ?? 0))])),
        ];
        const shuffled = steps.map((step, place) => ({ step, key: order[place] ?? 0 })).toSorted((one, other) => one.key - other.key);
        let [acceptedBefore, passedBefore] = [0n, 0n];
        for (const { step } of shuffled) {
          await step();
          const row = await progress.ofUser("a");
          const [acceptedNow, passedNow] = [BigInt(row?.acceptedSequence ?? 0), BigInt(row?.passedSequence ?? 0)];
          expect(acceptedNow >= acceptedBefore && passedNow >= passedBefore).toBe(true);
          [acceptedBefore, passedBefore] = [acceptedNow, passedNow];
        }
        expect(await progress.ofUser("a")).toMatchObject({ acceptedSequence: sequence(30), passedSequence: sequence(30), acceptedCount: 30, passedCount: 30, storedCount: 30, acceptedAt: at(30), passedAt: at(30), waiting: 0 });
        // What follows is counted from about there: what came late was counted too.
        await progress.reportAccepted(header(), [accepted("a", 40, 10)]);
        const waiting = (await progress.ofUser("a"))?.waiting ?? 0;
        expect(waiting >= 1 && waiting <= 10).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("finds itself again once a user has nothing waiting: repeats counted in, passes never told, accepts never told", async () => {
    const progress = fresh();
    // 5 repeats were counted in.
    await progress.reportAccepted(header(), [accepted("a", 10, 15)]);
    await progress.reportPassed(header(), [passed("a", 9, 9)]);
    expect((await progress.ofUser("a"))?.waiting).toBe(6);
    await progress.reportPassed(header(), [passed("a", 10, 1)]);
    expect((await progress.ofUser("a"))?.waiting).toBe(0);
    await progress.reportAccepted(header(), [accepted("a", 12, 2)]);
    expect((await progress.ofUser("a"))?.waiting).toBe(2);
    // Of 8 accepted nobody was told: they pass, long ago, and what comes then is counted rightly.
    await progress.reportPassed(header(), [passed("a", 20, 10)]);
    await db.$executeRaw`UPDATE user_progress SET passing_score = passing_score - 20 WHERE user_hash = 'a'`;
    await progress.reportPassed(header(), [passed("a", 21, 0)]);
    await progress.reportAccepted(header(), [accepted("a", 25, 4)]);
    expect((await progress.ofUser("a"))?.waiting).toBe(4);
  });

  it("never deadlocks: reporters of the same users in any order, with healing and pruning beside them", async () => {
    const progress = fresh();
    const users = Array.from({ length: 200 }, (_, n) => `user-${n}`);
    const rounds = 15;
    const api = async (writer: string, list: readonly string[]) => {
      for (let round = 1; round <= rounds; round += 1) await progress.reportAccepted({ writer, flush: round, lost: 0, ended: false }, list.map((user) => accepted(user, round, 1)));
    };
    const worker = async (writer: string, list: readonly string[]) => {
      for (let round = 1; round <= rounds; round += 1) await progress.reportPassed({ writer, flush: round, lost: 0, ended: false }, list.map((user) => passed(user, round, 1)));
    };
    const duties = async () => {
      for (let round = 0; round < rounds; round += 1) {
        await progress.heal({ before: new Date(Date.now() + 60_000), limit: 150 });
        await progress.healLosses({ before: new Date(0) });
        await progress.prune({ olderThanSeconds: 3_600, after: "", limit: 50 });
      }
    };
    const reversed = users.toReversed();
    await Promise.all([api("api 1", users), api("api 2", reversed), worker("worker 1", reversed), worker("worker 2", users), duties()]);
    expect(await progress.ofUser("user-0")).toMatchObject({ acceptedCount: 2 * rounds, passedCount: 2 * rounds, waiting: 0 });
  });

  it("heals what was reported before then and nothing newer, whatever the producers' clocks said", async () => {
    const progress = fresh();
    const ahead = new Date(Date.now() + 600_000);
    await progress.reportAccepted(header(), [{ userHash: "old", sequence: sequence(5), at: ahead, count: 5 }]);
    expect((await progress.toHeal()).any).toBe(true);
    const reportedAt = (await progress.ofUser("old"))?.acceptedReportedAt ?? at(0);
    // Times are kept to the millisecond.
    const before = await until(async () => (({ at }) => (at > reportedAt ? at : null))(await progress.toHeal()), { deadlineMs: 5_000, everyMs: 1 });
    await progress.reportAccepted(header(), [accepted("new", 5, 5)]);
    expect(await progress.heal({ before, limit: 100 })).toBe(1);
    // Not through the time that a clock ahead of ours gave it, but through the time at which the queue was empty.
    expect(await progress.ofUser("old")).toMatchObject({ passedSequence: sequence(5), passedAt: before, waiting: 0, settledAt: before, passedCount: 0 });
    expect(await progress.ofUser("new")).toMatchObject({ passedSequence: null, passedAt: null, waiting: 5 });
    // A user that had been healed and sends again is not healed with what was before.
    await progress.reportAccepted(header(), [accepted("old", 6, 1)]);
    expect(await progress.heal({ before, limit: 100 })).toBe(0);
    expect((await progress.ofUser("old"))?.waiting).toBe(1);
  });

  it("knows of losses: told ones, and of processes that went silent; an empty queue ends them", async () => {
    const progress = fresh();
    await progress.reportAccepted(header({ writer: "fine" }), []);
    expect(await progress.lostAt()).toBeNull();
    expect((await progress.toHeal()).any).toBe(false);
    await progress.reportAccepted(header({ writer: "full", lost: 3 }), []);
    const told = await progress.lostAt();
    expect(told).not.toBeNull();
    await progress.reportAccepted(header({ writer: "full", ended: true }), []);
    expect(await progress.lostAt()).toEqual(told);
    await progress.reportPassed(header({ writer: "killed" }), []);
    await db.$executeRaw`UPDATE progress_writer SET reported_at = now() - interval '1 hour' WHERE writer = 'killed'`;
    await progress.healLosses({ before: new Date((told?.getTime() ?? 0) + 1) });
    expect(await progress.lostAt()).toBeNull();
    await progress.reportPassed(header({ writer: "killed again" }), []);
    await db.$executeRaw`UPDATE progress_writer SET reported_at = now() - interval '1 minute' WHERE writer = 'killed again'`;
    // It may still be running, cut off: until now.
    expect((await progress.lostAt())?.getTime()).toBeGreaterThan(Date.now() - 30_000);
    expect((await progress.toHeal()).any).toBe(true);
  });

  it("prunes users of whom nothing was reported for long, slice by slice, and nobody else", async () => {
    const progress = fresh();
    const users = Array.from({ length: 7 }, (_, n) => `u${n}`);
    await progress.reportAccepted(header(), users.map((user) => accepted(user, 1, 1)));
    await db.$executeRaw`UPDATE user_progress SET accepted_reported_at = now() - interval '6 days' WHERE user_hash IN ('u1', 'u4', 'u5') AND queue = ${`queue ${queues}`}`;
    await progress.reportPassed(header(), [passed("u5", 1, 1)]);
    let removed = 0;
    let slices = 0;
    for (let after: string | null = ""; after !== null; slices += 1) {
      const slice: Awaited<ReturnType<typeof progress.prune>> = await progress.prune({ olderThanSeconds: 5 * 86_400, after, limit: 3 });
      removed += slice.removed;
      after = slice.next;
    }
    expect({ removed, slices }).toEqual({ removed: 2, slices: 3 });
    expect((await progress.top({ by: "arrival", limit: 10 })).map(({ userHash }) => userHash).toSorted()).toEqual(["u0", "u2", "u3", "u5", "u6"]);
  });
});
