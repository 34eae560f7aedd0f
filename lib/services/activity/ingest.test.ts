import { describe, expect, it, vi } from "vitest";
import { createVirtualClock } from "#infra/testing/virtual-clock.ts";
import { activitySchema } from "#lib/contracts/activity.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import { BATCHER_LIMITS, createBatcher, type SendVerdict } from "./ingest-batcher.ts";
import { createIngestProgress } from "./ingest-progress.ts";
import { ingest } from "./ingest.ts";

const NOW = Date.parse("2026-05-01T10:00:00Z");

function setUp(verdicts: SendVerdict[] = []) {
  const sent: OutgoingMessage[] = [];
  const ctx = {
    batcher: {
      submit: (messages: readonly OutgoingMessage[], _deadlineAt: number, onVerdict?: (position: number, verdict: SendVerdict) => void) => {
        sent.push(...messages);
        const all = messages.map((_, position): SendVerdict => verdicts[position] ?? { status: "accepted", sequenceNumber: "1", outOfOrder: false });
        for (const [position, verdict] of all.entries()) onVerdict?.(position, verdict);
        return Promise.resolve(all);
      },
    },
    now: () => NOW,
  };
  return { sent, ctx, send: (body: unknown) => ingest({ ctx, input: { text: JSON.stringify(body), deadlineAt: NOW + 1000 } }) };
}

const activity = (id: string, more: object = {}) => ({ id, userId: "ümläut 😀", type: "t", occurredAt: "2026-01-31T12:00:00.000Z", ...more });

describe("ingest", () => {
  it("queues the message that workers read, grouped by user", async () => {
    const { sent, send } = setUp();
    await send(activity("1", { properties: { a: [1.5] }, sessionId: "s", source: "web" }));
    expect(sent).toHaveLength(1);
    const read = parseMessageBody(sent[0]?.body ?? "");
    expect(read).toEqual({
      kind: "activity",
      message: {
        v: 1,
        acceptedAt: "2026-05-01T10:00:00.000Z",
        activity: activitySchema.parse(activity("1", { properties: '{"a":[1.5]}', sessionId: "s", source: "web" })),
      },
    });
    expect(sent[0]?.groupId).toBe(userHash("ümläut 😀"));
  });

  it("gives each activity its own verdict by position, and queues only the valid ones", async () => {
    const { sent, send } = setUp([
      { status: "accepted", sequenceNumber: "1", outOfOrder: true },
      { status: "unknown", reason: "lost" },
    ]);
    const outcome = await send([{ id: "bad" }, activity("1"), 5, activity("2")]);
    expect(sent).toHaveLength(2);
    expect(outcome).toMatchObject({
      kind: "judged",
      results: [
        { status: "refused", id: "bad", field: "activities[0].userId" },
        { status: "accepted", id: "1", outOfOrder: true, occurredAt: "2026-01-31T12:00:00.000Z" },
        { status: "refused", field: "activities[2]" },
        { status: "unknown", id: "2", reason: "lost" },
      ],
    });
  });

  it("sends a retry under the same deduplication id", async () => {
    const { sent, send } = setUp();
    await send(activity("1"));
    await send(activity("1", { occurredAt: "2026-01-31T13:00:00+01:00" }));
    expect(sent[0]?.deduplicationId).toBe(sent[1]?.deduplicationId);
  });

  it("sends nothing of a user who has too much waiting, says so by position, and tells what became of the rest", async () => {
    const { sent, send, ctx } = setUp([{ status: "accepted", sequenceNumber: "7", outOfOrder: false }]);
    const told: unknown[] = [];
    const hot = userHash("hot");
    const progress = { admit: (user: string) => (user === hot ? { retryAfterSeconds: 9 } : null), ended: (...what: unknown[]) => void told.push(what) };
    Object.assign(ctx, { progress });
    const outcome = await send([activity("1", { userId: "hot" }), activity("2"), { bad: true }, activity("3", { userId: "hot" })]);
    expect(sent.map(({ groupId }) => groupId)).toEqual([userHash("ümläut 😀")]);
    expect(outcome).toMatchObject({
      kind: "judged",
      results: [{ status: "not_sent", id: "1", reason: expect.stringContaining("user_over_cap") }, { status: "accepted", id: "2" }, { status: "refused" }, { status: "not_sent", id: "3" }],
      overCap: { count: 2, retryAfterSeconds: 9 },
    });
    expect(told).toEqual([[userHash("ümläut 😀"), { status: "accepted", sequenceNumber: "7", outOfOrder: false }, NOW]]);
  });

  it("sends nothing of a user after what it has kept back, though that user is let in again meanwhile", async () => {
    const { sent, send, ctx } = setUp();
    const answers = [{ retryAfterSeconds: 9 }, null, null];
    Object.assign(ctx, { progress: { admit: () => answers.shift() ?? null, ended: () => undefined } });
    const outcome = await send([activity("1"), activity("2"), activity("3", { userId: "other" })]);
    expect(sent.map(({ groupId }) => groupId)).toEqual([userHash("other")]);
    expect(outcome).toMatchObject({ results: [{ status: "not_sent", id: "1" }, { status: "not_sent", id: "2" }, { status: "accepted", id: "3" }], overCap: { count: 2, retryAfterSeconds: 9 } });
  });

  it("counts all that was accepted of a user, though a request that took theirs first ends last", async () => {
    const clock = createVirtualClock();
    let sequence = 0;
    let calls = 0;
    const batcher = createBatcher({
      // The other user's message, alone in the first call, keeps its request waiting.
      send: async (messages) => {
        const results = messages.map(({ groupId }) => ({ ok: true as const, messageId: groupId, sequenceNumber: String((sequence += 1)).padStart(20, "0") }));
        calls += 1;
        await new Promise<void>((resolve) => void clock.after(calls === 1 ? 500 : 5, resolve));
        return { kind: "answered", results };
      },
      clock,
      random: () => 0.5,
      limits: { ...BATCHER_LIMITS, batchMessages: 1 },
    });
    const counted = new Map<string, number>();
    const store = {
      reportAccepted: async (_: unknown, rows: readonly { userHash: string; count: number }[]) => {
        for (const { userHash, count } of rows) counted.set(userHash, (counted.get(userHash) ?? 0) + count);
      },
      waitingAtLeast: async () => [],
    };
    const progress = createIngestProgress({ store, cap: 0, writer: "api", now: clock.now, report: () => undefined });
    const send = (...activities: object[]) => ingest({ ctx: { batcher, progress, now: clock.now }, input: { text: JSON.stringify(activities), deadlineAt: 60_000 } });
    const requests = [
      send(activity("1", { userId: "other" }), activity("2", { userId: "hot" }), activity("3", { userId: "hot" })),
      send(activity("4", { userId: "hot" })),
      send(activity("5", { userId: "hot" })),
    ];
    // Bodies are read step by step; then the calls are under way.
    await vi.waitFor(() => expect(calls).toBeGreaterThan(1));
    await clock.run();
    await Promise.all(requests);
    await progress.tell({ final: true });
    expect(counted).toEqual(new Map([[userHash("other"), 1], [userHash("hot"), 4]]));
  });
});
