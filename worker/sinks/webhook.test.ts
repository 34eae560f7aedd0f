import { describe, expect, test } from "vitest";
import type { WebhookAnswer } from "#lib/gateways/webhook.ts";
import { createVirtualClock } from "#worker/testing/virtual-clock.ts";
import { createSinks, longestPushMs } from "./list.ts";
import { createWebhookSink, webhookBody } from "./webhook.ts";

const activity = { id: "a:1", userId: "ü", type: "t", occurredAt: "2026-01-01T00:00:00.000Z" };
const acceptedAt = "2026-01-01T00:00:01.000Z";
const never = new AbortController().signal;

function createSink(answers: WebhookAnswer[], { timeoutMs = 5_000, longestMs = 13_000 } = {}) {
  const time = createVirtualClock();
  const posts: { atMs: number; body: string; headers: Readonly<Record<string, string>> }[] = [];
  const webhook = {
    post: async (request: { body: string; headers: Readonly<Record<string, string>> }) => {
      posts.push({ atMs: time.clock.monotonic(), ...request });
      return answers[posts.length - 1] ?? { kind: "failed" as const, error: "again" };
    },
    close: () => {},
  };
  const sink = createWebhookSink({ webhook, config: { timeoutMs }, longestMs, clock: time.clock, random: () => 1 });
  const push = async (signal = never) => {
    const result = sink.push({ activity, acceptedAt, idempotencyKey: "key" }, signal);
    await time.advance(20_000);
    return await result;
  };
  return { push, posts };
}

describe("the webhook sink", () => {
  test("posts the activity with its key", async () => {
    const { push, posts } = createSink([{ kind: "accepted", status: 200 }]);
    expect(await push()).toEqual({ kind: "pushed" });
    expect(posts).toEqual([{ atMs: 0, body: JSON.stringify({ acceptedAt, activity }), headers: { "idempotency-key": "key", "spillway-activity-id": "a:1" } }]);
  });

  test("tries a failure again in place, later each time, with the same key", async () => {
    const failed = { kind: "failed", error: "500" } as const;
    const { push, posts } = createSink([failed, failed, { kind: "accepted", status: 200 }]);
    expect(await push()).toEqual({ kind: "pushed" });
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 200, 600]);
    expect(new Set(posts.map(({ headers }) => headers["idempotency-key"]))).toEqual(new Set(["key"]));
  });

  test("gives up after three tries, and sooner where the time would not do for another", async () => {
    const { push, posts } = createSink([]);
    expect(await push()).toEqual({ kind: "failed", reason: "webhook_failed", error: "again" });
    expect(posts).toHaveLength(3);
    const short = createSink([], { longestMs: 5_100 });
    expect(await short.push()).toMatchObject({ kind: "failed" });
    expect(short.posts).toHaveLength(1);
  });

  test("does not try a refusal again, and passes patience on", async () => {
    const refused = createSink([{ kind: "refused", error: "422" }]);
    expect(await refused.push()).toEqual({ kind: "failed", reason: "webhook_refused", error: "422" });
    expect(refused.posts).toHaveLength(1);
    const later = createSink([{ kind: "later", retryAfterMs: 9_000, error: "503" }]);
    expect(await later.push()).toEqual({ kind: "later", retryInMs: 9_000, error: "503" });
  });

  test("tries no more once it is told to end", async () => {
    const { push, posts } = createSink([]);
    await push(AbortSignal.abort());
    expect(posts).toHaveLength(1);
  });
});

describe("webhookBody", () => {
  test("keeps the text of properties: big numbers and key order survive", () => {
    const properties = '{"z":12345678901234567890,"a":1.0}';
    const body = webhookBody({ activity: { ...activity, properties }, acceptedAt });
    expect(body).toContain(`"properties":${properties}`);
    expect(JSON.parse(body)).toMatchObject({ acceptedAt, activity: { userId: "ü", properties: { a: 1 } } });
  });

  test.each(["{", "[]", "1", '{}},"x":{'])("properties %j that are no object leave the body whole", (properties) =>
    expect(JSON.parse(webhookBody({ activity: { ...activity, properties }, acceptedAt }))).toEqual({ acceptedAt, activity }),
  );
});

describe("createSinks", () => {
  const { clock } = createVirtualClock();
  const deps = { clock, random: () => 0, longestMs: 1_000 };
  const webhook = { url: "https://169.254.169.254/latest", secret: null, timeoutMs: 5_000, allowPrivate: false };

  test("is empty by default", () => expect(createSinks({ webhook: null, filterTable: "t", filterDays: 1 }, deps)).toEqual([]));

  test("refuses an address that is not public at the start", () => {
    expect(() => createSinks({ webhook, filterTable: "t", filterDays: 1 }, deps)).toThrow("not public");
    expect(() => createSinks({ webhook: { ...webhook, url: "https://[::1]/" }, filterTable: "t", filterDays: 1 }, deps)).toThrow("not public");
    expect(createSinks({ webhook: { ...webhook, allowPrivate: true }, filterTable: "t", filterDays: 1 }, deps)).toHaveLength(1);
  });

  test.each([2, 4, 10, 30, 600])("a push under a visibility of %i s ends before it would be renewed", (seconds) => {
    expect(longestPushMs(seconds)).toBeGreaterThan(0);
    expect(longestPushMs(seconds) + Math.min(1_000, seconds * 125)).toBeLessThan(seconds * 500);
  });
});
