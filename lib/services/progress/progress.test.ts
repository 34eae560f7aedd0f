import { describe, expect, it } from "vitest";
import { userHash } from "#lib/domain/activity-key.ts";
import type { ProgressRow } from "#lib/gateways/user-progress.ts";
import { progressOfUser } from "./of-user.ts";
import { topUsers } from "./top-users.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));

function row(over: Partial<ProgressRow> = {}): ProgressRow {
  return {
    userHash: "u",
    acceptedSequence: "9",
    acceptedAt: at(9),
    acceptedCount: 9,
    acceptedReportedAt: at(10),
    passedSequence: "4",
    passedAt: at(4),
    passedCount: 4,
    passedReportedAt: at(10),
    storedCount: 3,
    failedCount: 2,
    deadCount: 1,
    waiting: 5,
    waitingSince: at(1),
    settledAt: null,
    arrivalPerSecond: 1.5,
    passingPerSecond: 0.5,
    ...over,
  };
}
const read = (found: ProgressRow | null, lostAt: Date | null = null) => progressOfUser({ ctx: { progress: { ofUser: async () => found, lostAt: async () => lostAt } }, input: { userId: "Zoë" } });

describe("progressOfUser", () => {
  it("asks for the hash, and tells what the row says", async () => {
    const asked: string[] = [];
    const ofUser = async (hash: string) => (asked.push(hash), row());
    const figures = await progressOfUser({ ctx: { progress: { ofUser, lostAt: async () => null } }, input: { userId: "Zoë" } });
    expect(asked).toEqual([userHash("Zoë")]);
    expect(figures).toEqual({
      state: "known",
      value: {
        userHash: "u",
        waiting: { state: "known", value: 5 },
        // Nothing that came before what has passed waits any more.
        waitingSince: { state: "known", value: at(4) },
        completeThrough: { state: "known", value: at(4) },
        arrivalPerSecond: 1.5,
        passingPerSecond: 0.5,
        counts: { accepted: 9, passed: 4, stored: 3, failedAttempts: 2, dead: 1 },
        lastAcceptedAt: at(9),
      },
    });
  });

  it("knows nothing of a user of whom nothing was told, and not what waits of one whose accepts nobody told", async () => {
    expect(await read(null)).toEqual({ state: "unknown", why: "not_reported" });
    expect(await read(row({ acceptedSequence: null, acceptedAt: null, acceptedReportedAt: null, waiting: 0, waitingSince: null }))).toMatchObject({
      value: { waiting: { state: "unknown", why: "not_reported" }, completeThrough: { state: "known" } },
    });
    expect(await read(row({ passedAt: null, passedSequence: null }))).toMatchObject({ value: { completeThrough: { state: "unknown", why: "not_reported" }, waiting: { state: "known", value: 5 } } });
  });

  it("does not know what waits after a loss, until something told a minute later has passed; complete through stays", async () => {
    const lost = { value: { waiting: { state: "unknown", why: "reports_lost" }, waitingSince: { state: "unknown" }, completeThrough: { state: "known", value: at(4) } } };
    expect(await read(row(), at(100))).toMatchObject(lost);
    expect(await read(row({ settledAt: at(99) }), at(100))).toMatchObject(lost);
    expect(await read(row({ settledAt: at(160) }), at(100))).toMatchObject(lost);
    expect(await read(row({ settledAt: at(161), waiting: 0, waitingSince: null }), at(100))).toMatchObject({ value: { waiting: { state: "known", value: 0 }, waitingSince: { state: "known", value: null } } });
  });
});

describe("topUsers", () => {
  it("asks for no more than it may, and tells of losses beside each figure", async () => {
    const asked: unknown[] = [];
    const top = async (input: unknown) => (asked.push(input), [row()]);
    const found = await topUsers({ ctx: { progress: { top, lostAt: async () => at(5) } }, input: { by: "backlog", limit: 10_000 } });
    expect(asked).toEqual([{ by: "backlog", limit: 100 }]);
    expect(found).toMatchObject({ reportsLostAt: at(5), users: [{ userHash: "u", waiting: { state: "unknown", why: "reports_lost" }, arrivalPerSecond: 1.5 }] });
  });
});
