import { beforeEach, describe, expect, test } from "vitest";
import type { DrainStore } from "#lib/gateways/drain-store.ts";
import type { FailingMessages } from "#lib/gateways/failing-messages.ts";
import type { LeaderLease } from "#lib/gateways/leader-lease.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";
import { activityBody, deathFacts, dyingMessage } from "#infra/testing/dead-letters.ts";
import type { WorkerLedger } from "./ledger.ts";

/** The stores of a worker, over an empty database. */
export interface Stores {
  failing: FailingMessages;
  ledger: WorkerLedger;
  runs: Pick<RedriveRuns, "create" | "pending" | "markSent">;
  lease: LeaderLease;
  drain: Pick<DrainStore, "ensure" | "read" | "lease" | "change" | "setProvisioned" | "throttled">;
  /** Lets time pass. */
  pass: (ms: number) => Promise<void>;
}

const ID = (last: number) => `00000000-0000-4000-9000-${String(last).padStart(12, "0")}`;
const NOBODY = ID(999);

/** What the simulator relies on: held by its own stores and by the real ones. */
export function storesContract(open: () => Promise<Stores>): void {
  let stores: Stores;
  beforeEach(async () => {
    stores = await open();
  });
  const die = async (facts: Partial<ReturnType<typeof deathFacts>> = {}) => (await stores.ledger.decide({ ...deathFacts(dyingMessage()), ...facts })).death;

  describe("failing messages", () => {
    const message = { messageId: "m1", body: activityBody({ id: "a1" }) };
    const start = () => stores.failing.start(message, { worker: "w1", aloneFromMarks: 2 });

    test("marks add up; one left while alone counts as an attempt of a process killer", async () => {
      expect(await start()).toEqual({ marks: 1, alone: false, attempts: 0, last: null });
      expect(await start()).toMatchObject({ marks: 2, alone: true, attempts: 0 });
      expect(await start()).toMatchObject({ marks: 3, alone: true, attempts: 1, last: { reason: "process_killer", worker: "w1" } });
      expect(await stores.failing.marksOf(["m1", "m2"])).toEqual(new Map([["m1", 3]]));
    });

    test("a failure counts and takes the marks; unmark takes marks only; clear forgets all", async () => {
      await start();
      expect(await stores.failing.fail(message, { worker: "w1", reason: "rejected_by_table", error: "no" })).toEqual({ attempts: 1 });
      expect(await stores.failing.marksOf(["m1"])).toEqual(new Map());
      await start();
      await stores.failing.unmark(["m1", "m2"]);
      expect(await stores.failing.marksOf(["m1"])).toEqual(new Map());
      expect(await stores.failing.attempts("m1")).toBe(1);
      await stores.failing.clear(["m1"]);
      expect(await stores.failing.attempts("m1")).toBe(0);
    });

    test("a dead message fails no more", async () => {
      await die({ messageId: "m1" });
      expect(await stores.failing.fail(message, { worker: "w1", reason: "rejected_by_table", error: "no" })).toBeNull();
    });
  });

  describe("the ledger", () => {
    test("decides once, with the attempts and the history that were counted", async () => {
      const message = { messageId: "m1", body: activityBody() };
      for (let n = 0; n < 3; n += 1) await stores.failing.fail(message, { worker: "w1", reason: "rejected_by_table", error: "no" });
      const first = await stores.ledger.decide({ ...deathFacts(), messageId: "m1", attempts: 1 });
      expect(first).toMatchObject({ decidedNow: true, death: { messageId: "m1", attempts: 3, status: "open", dlqMessageId: null } });
      const second = await stores.ledger.decide({ ...deathFacts(), messageId: "m1", reason: "malformed", attempts: 9 });
      expect(second).toEqual({ decidedNow: false, death: first.death });
      expect(await stores.failing.attempts("m1")).toBe(0);
      expect(await stores.ledger.deathsOf(["m1", "m2"])).toEqual(new Map([["m1", first.death]]));
      expect(await stores.ledger.byIds([first.death.id, NOBODY])).toEqual(new Map([[first.death.id, first.death]]));
    });

    test("keeps the first copy that is recorded", async () => {
      const { id } = await die();
      await stores.ledger.recordCopy({ id, dlqMessageId: "c1" });
      await stores.ledger.recordCopy({ id, dlqMessageId: "c2" });
      expect((await stores.ledger.byIds([id])).get(id)?.dlqMessageId).toBe("c1");
    });

    test("resolves once, sweeps what is resolved, and counts as vanished only what is old enough", async () => {
      const [open, swept, vanished] = [await die(), await die(), await die()];
      expect(await stores.ledger.unswept()).toEqual({ latestResolvedAt: null });
      expect(await stores.ledger.resolveStored(swept.id)).toBe("resolved");
      expect(await stores.ledger.resolveStored(swept.id)).toBe("unchanged");
      expect(await stores.ledger.resolveStored(NOBODY)).toBe("unchanged");
      await stores.ledger.resolveStored(vanished.id);
      await stores.ledger.markSwept([open.id, swept.id]);
      expect((await stores.ledger.unswept()).latestResolvedAt).toBeInstanceOf(Date);
      expect(await stores.ledger.markVanished({ hiddenSeconds: 60 })).toBe(0);
      await stores.pass(30);
      expect(await stores.ledger.markVanished({ hiddenSeconds: 0 })).toBe(1);
      expect(await stores.ledger.unswept()).toEqual({ latestResolvedAt: null });
    });

    test("files a dead letter that it does not know, once", async () => {
      const { reason, attempts, worker, body, sentAt } = deathFacts();
      const found = { id: ID(1), messageId: "c1", body, sentAt, reason, attempts, worker, firstFailedAt: new Date(1), lastFailedAt: new Date(2) };
      expect(await stores.ledger.file(found)).toBe("filed");
      expect(await stores.ledger.file(found)).toBe("known");
      expect((await stores.ledger.byIds([ID(1)])).get(ID(1))).toMatchObject({ status: "open", dlqMessageId: "c1" });
    });
  });

  describe("redrive runs", () => {
    const run = (runId: string, deathIds: string[]) => stores.runs.create({ runId, deathIds, actor: "admin", reason: "fixed" });

    test("freeze a selection, refuse what is under way or resolved, and know themselves again", async () => {
      const [one, other] = [await die(), await die()];
      expect(await run(ID(1), [one.id, other.id])).toMatchObject({ outcome: "created", run: { state: "running", selected: 2 } });
      expect(await run(ID(1), [one.id, other.id])).toMatchObject({ outcome: "existing" });
      expect(await run(ID(1), [one.id])).toEqual({ outcome: "run_id_taken" });
      await stores.ledger.resolveStored(one.id);
      const refused = [
        { deathId: one.id, why: "already_resolved", runId: null },
        { deathId: other.id, why: "under_way", runId: ID(1) },
        { deathId: NOBODY, why: "not_found", runId: null },
      ];
      expect(await run(ID(2), [one.id, other.id, NOBODY])).toEqual({ outcome: "refused", refused });
    });

    test("are sent in the order of their selection, and end when the last item is stored or has bounced", async () => {
      const [one, other] = [await die(), await die()];
      await run(ID(1), [other.id, one.id]);
      expect((await stores.runs.pending({ limit: 10 })).map(({ deathId }) => deathId)).toEqual([other.id, one.id]);
      await stores.runs.markSent([{ runId: ID(1), deathId: other.id, messageId: "r1" }]);
      expect((await stores.runs.pending({ limit: 10 })).map(({ deathId }) => deathId)).toEqual([one.id]);
      await stores.ledger.resolveStored(one.id); // quicker than the note of its sending
      await stores.runs.markSent([{ runId: ID(1), deathId: one.id, messageId: "r2" }]);
      expect(await run(ID(1), [one.id, other.id])).toMatchObject({ run: { state: "running", counts: { pending: 0, sent: 1, stored: 1, bounced: 0 } } });
      const bounced = await die({ redrivenFrom: other.id });
      expect(await run(ID(1), [one.id, other.id])).toMatchObject({ run: { state: "finished", counts: { sent: 0, stored: 1, bounced: 1 } } });
      const rows = await stores.ledger.byIds([other.id, bounced.id]);
      expect([rows.get(other.id)?.status, rows.get(bounced.id)?.status]).toEqual(["bounced", "open"]);
    });
  });

  test("a leader's lease has one holder, until it is given up or runs out", async () => {
    const { lease } = stores;
    expect(await lease.acquire({ duty: "d", holder: "a", leaseMs: 60_000 })).toBe("held");
    expect(await lease.acquire({ duty: "d", holder: "b", leaseMs: 60_000 })).toBe("taken");
    expect(await lease.acquire({ duty: "d", holder: "a", leaseMs: 60_000 })).toBe("held");
    await lease.release({ duty: "d", holder: "b" });
    expect(await lease.acquire({ duty: "d", holder: "b", leaseMs: 1 })).toBe("taken");
    await lease.release({ duty: "d", holder: "a" });
    expect(await lease.acquire({ duty: "d", holder: "b", leaseMs: 1 })).toBe("held");
    await stores.pass(30);
    expect(await lease.acquire({ duty: "d", holder: "a", leaseMs: 1 })).toBe("held");
  });

  describe("the drain row", () => {
    test("grants the exact cost, and refuses once more than the lead is spent", async () => {
      const { drain } = stores;
      await drain.ensure();
      await drain.ensure();
      const { version } = await drain.read();
      expect(await drain.change({ rateWcuPerSecond: 10, expectedVersion: version, actor: "a" })).toMatchObject({ outcome: "changed", drain: { version: version + 1 } });
      expect(await drain.change({ rateWcuPerSecond: 20, expectedVersion: version, actor: "a" })).toMatchObject({ outcome: "conflict" });
      const first = await drain.lease({ costWriteUnits: 20, leadMs: 100 });
      expect(first).toMatchObject({ granted: true, effectiveWcuPerSecond: 10, version: version + 1 });
      const second = await drain.lease({ costWriteUnits: 1, leadMs: 100 });
      if (second.granted) throw new Error("two seconds ahead were granted");
      expect(second.retryInMs).toBeGreaterThan(1_500);
      expect(second.retryInMs).toBeLessThanOrEqual(1_900);
      const ahead = await drain.lease({ costWriteUnits: 1, leadMs: 10_000 });
      if (!ahead.granted) throw new Error("a lease within its lead was refused");
      expect(ahead.startInMs).toBeGreaterThan(1_500);
      expect(ahead.startInMs).toBeLessThanOrEqual(2_000);
      await drain.change({ rateWcuPerSecond: 1_000, expectedVersion: version + 1, actor: "a" });
      expect(await drain.lease({ costWriteUnits: 1, leadMs: 100 })).toMatchObject({ granted: true }); // measured anew
    });

    test("stands under the guard, and is cut by a throttle once a second", async () => {
      const { drain } = stores;
      await drain.ensure();
      await drain.setProvisioned({ writeUnits: 50 });
      expect((await drain.read()).effectiveWcuPerSecond).toBeCloseTo(45);
      await stores.pass(1_100);
      expect([await drain.throttled(), await drain.throttled()]).toEqual([true, false]);
      const { factor, effectiveWcuPerSecond } = await drain.read();
      expect(factor).toBeGreaterThanOrEqual(0.7);
      expect(factor).toBeLessThan(0.75);
      expect(effectiveWcuPerSecond).toBeCloseTo(45 * factor, 0);
    });
  });
}
