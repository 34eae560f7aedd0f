import { describe, expect, it } from "vitest";
import type { WaitingUser } from "#lib/gateways/user-progress.ts";
import { CAP_KNOWN_MS, createIngestProgress } from "./ingest-progress.ts";

function createWorld({ cap = 10 } = {}) {
  const world = {
    nowMs: 0,
    away: false,
    /** What PostgreSQL has counted in. */
    told: new Map<string, number>(),
    watched: null as WaitingUser[] | null,
    events: [] as string[],
    lost: 0,
    reports: [] as { flush: number; ended: boolean; users: string[] }[],
  };
  let sequence = 0;
  const progress = createIngestProgress({
    store: {
      async reportAccepted({ flush, lost, ended }, rows) {
        if (world.away) throw new Error("many\nlines\nno connection");
        world.lost += lost;
        world.reports.push({ flush, ended, users: rows.map(({ userHash }) => userHash) });
        for (const { userHash, count } of rows) world.told.set(userHash, (world.told.get(userHash) ?? 0) + count);
      },
      async waitingAtLeast({ waiting }) {
        if (world.away) throw new Error("no connection");
        const known = [...world.told].map(([userHash, count]) => ({ userHash, waiting: count, passingPerSecond: 0, passedAgoMs: 0 }));
        return (world.watched ?? known).filter((user) => user.waiting >= waiting);
      },
    },
    cap,
    writer: "api",
    now: () => world.nowMs,
    report: ({ event }) => void world.events.push(event),
  });
  const accepted = (sequenceNumber = String((sequence += 1)).padStart(20, "0")) => ({ status: "accepted" as const, sequenceNumber, outOfOrder: false });
  /** Sends `count` of a user. @returns how many were let in. */
  const send = (user: string, count: number) => {
    let taken = 0;
    for (let n = 0; n < count; n += 1) {
      if (progress.admit(user) !== null) continue;
      taken += 1;
      progress.ended(user, accepted(), world.nowMs);
    }
    return taken;
  };
  return { ...progress, world, send, accepted };
}

describe("createIngestProgress", () => {
  it("lets a user in up to the cap, over reports and looks, and others as before", async () => {
    const { world, send, tell, admit } = createWorld({ cap: 10 });
    await tell();
    expect(send("hot", 4)).toBe(4);
    await tell();
    expect(send("hot", 4)).toBe(4);
    await tell();
    expect(world.told.get("hot")).toBe(8);
    expect(send("hot", 4)).toBe(2);
    expect(send("other", 4)).toBe(4);
    await tell();
    expect(admit("hot")).toEqual({ retryAfterSeconds: 60 });
    // Drained by workers meanwhile.
    world.watched = [{ userHash: "hot", waiting: 7, passingPerSecond: 2, passedAgoMs: 0 }];
    await tell();
    expect(send("hot", 9)).toBe(3);
    expect(admit("hot")).toEqual({ retryAfterSeconds: 1 });
  });

  it("counts what is under way, so that a spike cannot slip in before its verdicts", async () => {
    const { tell, admit, ended } = createWorld({ cap: 10 });
    await tell();
    const letIn = Array.from({ length: 30 }, () => admit("hot")).filter((over) => over === null);
    expect(letIn).toHaveLength(10);
    ended("hot", { status: "not_sent", reason: "away" }, 0);
    ended("hot", { status: "unknown", reason: "lost" }, 0);
    expect(admit("hot")).toBeNull();
    expect(admit("hot")).toBeNull();
    expect(admit("hot")).not.toBeNull();
  });

  it("forgets nothing that it took while a report or a look failed", async () => {
    const { world, send, tell } = createWorld({ cap: 10 });
    await tell();
    send("hot", 3);
    world.away = true;
    await tell();
    send("hot", 3);
    await tell();
    expect(send("hot", 9)).toBe(4);
    world.away = false;
    await tell();
    await tell();
    expect(world.told.get("hot")).toBe(10);
    expect(send("hot", 1)).toBe(0);
    expect(world.events).toEqual(["user_progress_unsaved", "user_progress_saved_again"]);
  });

  it("does not bind before its first look, nor once PostgreSQL has been away for a minute; then it does again", async () => {
    const { world, send, tell } = createWorld({ cap: 10 });
    world.away = true;
    await tell();
    expect(send("hot", 50)).toBe(50);
    world.away = false;
    await tell();
    expect(send("hot", 1)).toBe(0);
    world.away = true;
    world.nowMs = CAP_KNOWN_MS - 1;
    await tell();
    expect(send("hot", 1)).toBe(0);
    world.nowMs += 2;
    await tell();
    expect(send("hot", 50)).toBe(50);
    world.away = false;
    await tell();
    await tell();
    expect(world.told.get("hot")).toBe(100);
    expect(send("hot", 1)).toBe(0);
  });

  it("is off with a cap of 0, and still tells", async () => {
    const { world, send, tell } = createWorld({ cap: 0 });
    await tell();
    expect(send("hot", 500)).toBe(500);
    await tell({ final: true });
    expect(world.told.get("hot")).toBe(500);
    expect(world.reports.at(-1)?.ended).toBe(true);
  });

  it("lets one in each minute where nothing is told to pass, since it may be the telling that failed", async () => {
    const { world, send, tell } = createWorld({ cap: 10 });
    world.watched = [
      { userHash: "stuck", waiting: 99, passingPerSecond: 0, passedAgoMs: null },
      { userHash: "passing", waiting: 99, passingPerSecond: 1, passedAgoMs: 500 },
    ];
    await tell();
    expect(send("stuck", 9)).toBe(0);
    expect(send("passing", 9)).toBe(0);
    world.nowMs = 59_000;
    await tell();
    expect(send("stuck", 9)).toBe(0);
    world.nowMs = 60_000;
    expect(send("stuck", 9)).toBe(1);
    await tell();
    expect(send("stuck", 9)).toBe(0);
    expect(send("passing", 9)).toBe(0);
  });

  it("counts a repeat once, which SQS answers with the number of the first", async () => {
    const { world, tell, ended, accepted } = createWorld();
    for (const number of ["7", "8", "7", "8", "9"]) ended("u", accepted(number), 5);
    await tell({ final: true });
    expect(world.told.get("u")).toBe(3);
  });

  it("keeps a bounded number of users while PostgreSQL is away, and tells how often it kept nothing", async () => {
    const { world, ended, accepted, tell } = createWorld();
    world.away = true;
    for (let user = 0; user < 20_007; user += 1) ended(`u${user}`, accepted(), 0);
    await tell();
    world.away = false;
    await tell({ final: true });
    expect({ users: world.told.size, lost: world.lost }).toEqual({ users: 20_000, lost: 7 });
    expect(world.reports.at(-1)?.ended).toBe(true);
  });
});
