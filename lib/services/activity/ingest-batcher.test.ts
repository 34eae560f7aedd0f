import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "#infra/testing/virtual-clock.ts";
import { MISSING_FROM_ANSWER, type OutgoingMessage, type SendResult } from "#lib/gateways/sqs-queue.ts";
import { type Batcher, BATCHER_LIMITS, type BatcherLimits, createBatcher, type SendOutcome, type SendVerdict } from "./ingest-batcher.ts";

const message = (groupId: string, id: string, bytes = 10): OutgoingMessage => ({
  groupId,
  deduplicationId: id,
  body: "x".repeat(bytes),
});
const ok = (sequence: number): SendResult => ({ ok: true, messageId: `m${sequence}`, sequenceNumber: String(sequence) });
const busy: SendResult = { ok: false, code: "ServiceUnavailable", message: "try again", senderFault: false };
const fault: SendResult = { ok: false, code: "InvalidMessageContents", message: "bad", senderFault: true };
const lost: SendOutcome = { kind: "lost", reason: "no answer" };

/** A batcher whose calls are answered by `answer`, in virtual time. */
function drive(
  answer: (ids: string[], call: number) => { afterMs: number; outcome: SendOutcome },
  limits: Partial<BatcherLimits> = {},
  random: () => number = () => 0.5,
): { batcher: Batcher; clock: ReturnType<typeof createVirtualClock>; calls: { ids: string[]; at: number; end: number }[] } {
  const clock = createVirtualClock();
  const calls: { ids: string[]; at: number; end: number }[] = [];
  const batcher = createBatcher({
    send: (messages) => {
      const ids = messages.map((one) => one.deduplicationId);
      const { afterMs, outcome } = answer(ids, calls.length);
      calls.push({ ids, at: clock.now(), end: clock.now() + afterMs });
      return new Promise((resolve) => {
        clock.after(afterMs, () => resolve(outcome));
      });
    },
    clock,
    random,
    limits: { ...BATCHER_LIMITS, ...limits },
  });
  return { batcher, clock, calls };
}

let sequence = 0;
const takeAll = (ids: string[]): { afterMs: number; outcome: SendOutcome } => ({
  afterMs: 5,
  outcome: { kind: "answered", results: ids.map(() => ok((sequence += 1))) },
});

describe("createBatcher", () => {
  it("merges concurrent requests into calls of ten, and sends a lone message after the linger", async () => {
    const { batcher, clock, calls } = drive(takeAll);
    const requests = Array.from({ length: 23 }, (_, n) => batcher.submit([message(`u${n}`, `a${n}`)], 1000));
    await clock.run();
    expect((await Promise.all(requests)).flat()).toHaveLength(23);
    expect(calls.map(({ ids, at }) => [ids.length, at])).toEqual([
      [10, 0],
      [10, 0],
      [3, BATCHER_LIMITS.lingerMs],
    ]);
  });

  it("does not wait for a clock that was set back", async () => {
    const { batcher, clock, calls } = drive(takeAll);
    const now = clock.now;
    let behindMs = 0;
    clock.now = () => now() - behindMs;
    void batcher.submit([message("u", "1")], 60_000);
    behindMs = 600_000;
    void batcher.submit([message("v", "2")], 60_000);
    await clock.run();
    expect(calls[0]).toMatchObject({ ids: ["1", "2"] });
    expect((calls[0]?.end ?? Infinity) + behindMs).toBeLessThanOrEqual(5 + BATCHER_LIMITS.lingerMs);
  });

  it("keeps a call within its bytes, and sends an oversized message alone", async () => {
    const { batcher, clock, calls } = drive(takeAll, { batchBytes: 100 });
    const all = batcher.submit([message("a", "1", 60), message("b", "2", 60), message("c", "3", 40), message("d", "4", 500)], 1000);
    await clock.run();
    expect((await all).map((verdict) => verdict.status)).toEqual(["accepted", "accepted", "accepted", "accepted"]);
    expect(calls.map(({ ids }) => ids)).toEqual([["1"], ["2", "3"], ["4"]]);
  });

  it("retries a refused earlier entry and says outOfOrder of the later one that was taken", async () => {
    const { batcher, clock, calls } = drive((ids, call) =>
      call === 0 ? { afterMs: 5, outcome: { kind: "answered", results: [busy, ok(1)] } } : takeAll(ids),
    );
    const verdicts = batcher.submit([message("u", "1"), message("u", "2")], 1000);
    await clock.run();
    expect(await verdicts).toMatchObject([
      { status: "accepted", outOfOrder: false },
      { status: "accepted", outOfOrder: true },
    ]);
    expect(calls.map(({ ids }) => ids)).toEqual([["1", "2"], ["1"]]);
  });

  it("does not say outOfOrder of one that the queue has had since before another request of its user", async () => {
    const { batcher, clock } = drive((ids, call) => ({ afterMs: 5, outcome: call === 0 ? lost : { kind: "answered", results: ids.map((id) => ok(Number(id))) } }));
    const requests = ["5", "1"].map((id) => batcher.submit([message("u", id)], 5_000));
    await clock.run();
    for (const verdicts of requests) expect(await verdicts).toMatchObject([{ status: "accepted", outOfOrder: false }]);
  });

  it("says outOfOrder of one that the queue has from an earlier try of its producer, before what it followed there", async () => {
    // The process that made that try died with it: the queue had taken "3" and "4" of it, and refused the others.
    const sequences: Record<string, number> = { 1: 50, 2: 51, 3: 7, 4: 8 };
    const refusedUntilCall: Record<string, number> = { 2: 1, 4: 2 };
    const { batcher, clock, calls } = drive((ids, call) => ({
      afterMs: 5,
      outcome: { kind: "answered", results: ids.map((id) => (call < (refusedUntilCall[id] ?? 0) ? busy : ok(sequences[id] ?? 0))) },
    }));
    const again = batcher.submit([message("u", "1"), message("u", "2"), message("u", "3"), message("u", "4")], 5_000);
    await clock.run();
    expect(calls.map(({ ids }) => ids)).toEqual([["1", "2", "3", "4"], ["2", "4"], ["4"]]);
    expect((await again).map((verdict) => verdict.status === "accepted" && verdict.outOfOrder)).toEqual([false, false, true, true]);
  });

  it("does not retry what is the sender's fault, and lets the followers go", async () => {
    const { batcher, clock, calls } = drive(() => ({ afterMs: 5, outcome: { kind: "answered", results: [fault, ok(1)] } }));
    const verdicts = batcher.submit([message("u", "1"), message("u", "2")], 1000);
    await clock.run();
    expect(await verdicts).toMatchObject([{ status: "refused" }, { status: "accepted", outOfOrder: false }]);
    expect(calls).toHaveLength(1);
  });

  it("calls it unknown, never refused, when an answer was lost before the fault came", async () => {
    const { batcher, clock } = drive((_, call) => ({
      afterMs: 5,
      outcome: call === 0 ? lost : { kind: "answered", results: [fault] },
    }));
    const verdicts = batcher.submit([message("u", "1")], 1000);
    await clock.run();
    expect(await verdicts).toMatchObject([{ status: "unknown" }]);
  });

  it.each([
    ["no word of it", []],
    ["no word of it, as the gateway puts it", [{ ok: false, code: MISSING_FROM_ANSWER, message: "no result", senderFault: false } satisfies SendResult]],
  ])("calls it unknown, never unsent, when the answers hold %s", async (_name, results) => {
    const { batcher, clock, calls } = drive(() => ({ afterMs: 5, outcome: { kind: "answered", results } }));
    const verdicts = batcher.submit([message("u", "1")], 60_000);
    await clock.run();
    expect(await verdicts).toEqual([{ status: "unknown", reason: "the queue named no result for it" }]);
    expect(calls).toHaveLength(BATCHER_LIMITS.attempts);
  });

  it("ends as not_sent when no call ever left, and does not send the followers of a lost one", async () => {
    const away = drive(() => ({ afterMs: 5, outcome: { kind: "not_sent", reason: "refused connection", retry: true } }));
    const unsent = away.batcher.submit([message("u", "1"), message("v", "2")], 60_000);
    await away.clock.run();
    expect(await unsent).toMatchObject([{ status: "not_sent" }, { status: "not_sent" }]);
    expect(away.calls).toHaveLength(BATCHER_LIMITS.attempts);

    const silent = drive(() => ({ afterMs: 5, outcome: lost }), { batchMessages: 1 });
    const verdicts = silent.batcher.submit([message("u", "1"), message("u", "2")], 60_000);
    await silent.clock.run();
    expect(await verdicts).toMatchObject([{ status: "unknown" }, { status: "not_sent" }]);
    expect(silent.calls.every(({ ids }) => ids[0] === "1")).toBe(true);
  });

  it.each([
    ["the whole", 1, [100, 200, 400, 800, 1_600, 2_000, 2_000]],
    ["half", 0.5, [50, 100, 200, 400, 800, 1_000, 1_000]],
    ["nothing", 0, [0, 0, 0, 0, 0, 0, 0]],
  ])("pauses before each retry for %s of a time that doubles up to 2 s, as the draw says", async (_name, draw, pauses) => {
    const { batcher, clock, calls } = drive(() => ({ afterMs: 5, outcome: lost }), { attempts: pauses.length + 1, lingerMs: 0 }, () => draw);
    void batcher.submit([message("u", "1")], 60_000);
    await clock.run();
    expect(calls.slice(1).map(({ at }, before) => at - (calls[before]?.end ?? Number.NaN))).toEqual(pauses);
  });

  it("draws each pause anew", async () => {
    const draws = [1, 0.25, 0.75];
    const { batcher, clock, calls } = drive(() => ({ afterMs: 5, outcome: lost }), { attempts: draws.length + 1, lingerMs: 0 }, () => draws.shift() ?? Number.NaN);
    void batcher.submit([message("u", "1")], 60_000);
    await clock.run();
    expect(calls.slice(1).map(({ at }, before) => at - (calls[before]?.end ?? Number.NaN))).toEqual([100, 50, 300]);
  });

  it("gives up at once on a call that was refused as a whole", async () => {
    const { batcher, clock, calls } = drive(() => ({ afterMs: 5, outcome: { kind: "not_sent", reason: "AccessDenied", retry: false } }));
    const verdicts = batcher.submit([message("u", "1")], 60_000);
    await clock.run();
    expect(await verdicts).toMatchObject([{ status: "not_sent", reason: "AccessDenied" }]);
    expect(calls).toHaveLength(1);
  });

  it("answers at the deadline: unknown for what is in flight, not_sent for what waits", async () => {
    const { batcher, clock } = drive((ids) => ({ ...takeAll(ids), afterMs: 5_000 }), { batchMessages: 1 });
    const request = batcher.submit([message("u", "1"), message("u", "2")], 100);
    let answeredAt = -1;
    const timed = request.finally(() => {
      answeredAt = clock.now();
    });
    await clock.run();
    expect(await timed).toMatchObject([{ status: "unknown" }, { status: "not_sent" }]);
    expect(answeredAt).toBe(100);
  });

  it("treats a call that throws as a lost answer", async () => {
    const clock = createVirtualClock();
    const batcher = createBatcher({ send: () => Promise.reject(new Error("boom")), clock, random: () => 0 });
    const verdicts = batcher.submit([message("u", "1")], 1000);
    await clock.run();
    expect(await verdicts).toEqual([{ status: "unknown", reason: "the send failed" }]);
  });
});

/** One scripted entry or call of a random history. */
const callPlan = fc.record({
  afterMs: fc.integer({ min: 0, max: 400 }),
  kind: fc.constantFrom("answered", "answered", "answered", "lost", "lost-after-act", "not_sent", "refused-whole"),
  entries: fc.array(fc.constantFrom("ok", "ok", "ok", "busy", "fault"), { minLength: 10, maxLength: 10 }),
});
const requestPlan = fc.record({
  atMs: fc.integer({ min: 0, max: 500 }),
  users: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 25 }),
  deadlineMs: fc.integer({ min: 1, max: 3_000 }),
  bytes: fc.integer({ min: 1, max: 400 }),
});

describe("random histories of createBatcher", () => {
  it("keep order, exclusion, limits and one verdict a message", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(requestPlan, { minLength: 1, maxLength: 12 }), fc.array(callPlan, { minLength: 1, maxLength: 40 }), async (requests, plans) => {
        /** What the queue holds per user: first taking of each id, in order. */
        const queued = new Map<string, string[]>();
        const bytesOf = new Map<string, number>();
        const userOf = new Map<string, string>();
        const limits = { batchMessages: 4, batchBytes: 600, callsInFlight: 3 };
        const { batcher, clock, calls } = drive((ids, call) => {
          const plan = plans[call % plans.length];
          if (!plan) throw new Error("no plan");
          const results = ids.map((id, position): SendResult => {
            const entry = plan.entries[position];
            if (entry === "busy") return busy;
            if (entry === "fault") return fault;
            const user = userOf.get(id) ?? "";
            const list = queued.get(user) ?? [];
            if (plan.kind === "answered" || plan.kind === "lost-after-act") {
              if (!list.includes(id)) list.push(id);
              queued.set(user, list);
            }
            return ok(list.indexOf(id));
          });
          if (plan.kind === "answered") return { afterMs: plan.afterMs, outcome: { kind: "answered", results } };
          if (plan.kind === "not_sent") return { afterMs: plan.afterMs, outcome: { kind: "not_sent", reason: "away", retry: true } };
          if (plan.kind === "refused-whole") return { afterMs: plan.afterMs, outcome: { kind: "not_sent", reason: "no", retry: false } };
          return { afterMs: plan.afterMs, outcome: lost };
        }, limits);

        const answers: { request: number; ids: string[]; at: number; deadlineAt: number; verdicts: SendVerdict[] }[] = [];
        for (const [request, plan] of requests.entries()) {
          const messages = plan.users.map((user, position) => message(`u${user}`, `${request}.${position}`, plan.bytes));
          for (const one of messages) {
            bytesOf.set(one.deduplicationId, plan.bytes);
            userOf.set(one.deduplicationId, one.groupId);
          }
          const submit = async () => {
            const deadlineAt = clock.now() + plan.deadlineMs;
            const verdicts = await batcher.submit(messages, deadlineAt);
            answers.push({ request, ids: messages.map((one) => one.deduplicationId), at: clock.now(), deadlineAt, verdicts });
          };
          clock.after(plan.atMs, () => void submit());
        }
        await clock.run();

        // Exactly one verdict a message, by the deadline.
        expect(answers.map((answer) => answer.request).sort((a, b) => a - b)).toEqual(requests.map((_, request) => request));
        for (const answer of answers) {
          expect(answer.verdicts.filter(Boolean)).toHaveLength(answer.ids.length);
          expect(answer.at).toBeLessThanOrEqual(answer.deadlineAt);
        }

        for (const [index, call] of calls.entries()) {
          const users = new Set(call.ids.map((id) => userOf.get(id)));
          expect(call.ids.length).toBeLessThanOrEqual(limits.batchMessages);
          const bytes = call.ids.reduce((sum, id) => sum + (bytesOf.get(id) ?? 0), 0);
          expect(call.ids.length === 1 || bytes <= limits.batchBytes).toBe(true);
          const together = calls.filter((other, at) => at <= index && other.end > call.at);
          expect(together.length).toBeLessThanOrEqual(limits.callsInFlight);
          // No two calls in flight share a user.
          for (const other of together) {
            if (other !== call) expect(other.ids.some((id) => users.has(userOf.get(id)))).toBe(false);
          }
        }

        // No verdict says more than what happened.
        const verdictOf = new Map(answers.flatMap(({ ids, verdicts }) => ids.map((id, position) => [id, verdicts[position]] as const)));
        const inQueue = new Set([...queued.values()].flat());
        for (const [id, verdict] of verdictOf) {
          if (verdict?.status === "accepted") expect(inQueue.has(id)).toBe(true);
          if (verdict?.status === "refused" || verdict?.status === "not_sent") expect(inQueue.has(id)).toBe(false);
        }

        // Order per user, by position in one request, but where a verdict says otherwise.
        for (const { ids, verdicts } of answers) {
          for (const [user, list] of queued) {
            const accepted = ids.flatMap((id, position) => {
              const verdict = verdicts[position];
              return userOf.get(id) === user && verdict?.status === "accepted" ? [{ place: list.indexOf(id), outOfOrder: verdict.outOfOrder }] : [];
            });
            for (const [at, { place, outOfOrder }] of accepted.entries()) {
              if (!outOfOrder) expect(accepted.slice(0, at).filter((earlier) => earlier.place > place)).toEqual([]);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
