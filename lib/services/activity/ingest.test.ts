import { describe, expect, it } from "vitest";
import { activitySchema } from "#lib/contracts/activity.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { SendVerdict } from "./ingest-batcher.ts";
import { ingest } from "./ingest.ts";

const NOW = Date.parse("2026-05-01T10:00:00Z");

function setUp(verdicts: SendVerdict[] = []) {
  const sent: OutgoingMessage[] = [];
  const ctx = {
    batcher: {
      submit: (messages: readonly OutgoingMessage[]) => {
        sent.push(...messages);
        return Promise.resolve(
          messages.map((_, position): SendVerdict => verdicts[position] ?? { status: "accepted", sequenceNumber: "1", outOfOrder: false }),
        );
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
});
