import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "#infra/testing/virtual-clock.ts";
import type { Answer } from "./answers.ts";
import { runSpike } from "./run.ts";
import type { SourceItem } from "./source.ts";
import { createTally } from "./tally.ts";

async function* itemsOf(users: readonly string[]): AsyncGenerator<SourceItem> {
  for (const [number, userId] of users.entries()) {
    yield {
      kind: "activity",
      origin: `number ${number}`,
      activity: { id: String(number), userId, type: "t", occurredAt: "2026-01-31T12:00:00.000Z", source: "s", properties: {} },
    };
  }
}

const problem = (status: number, results?: unknown[], retryAfterSeconds: number | null = null): Answer => ({
  kind: "answer",
  status,
  body: JSON.stringify({ type: "about:blank", title: "No", status, code: "no", ...(results && { results }) }),
  retryAfterSeconds,
});
const verdicts = (status: number, results: unknown[]): Answer => ({ kind: "answer", status, body: JSON.stringify({ results }), retryAfterSeconds: null });
const accepted = (id: string) => ({ status: "accepted", id, occurredAt: "2026-01-31T12:00:00.000Z" });

/** Runs a spike in virtual time against `api`, which sees the ids of each request. */
async function run(source: AsyncIterable<SourceItem>, api: (ids: string[], request: number) => Answer, more: { ratePerSecond?: number; concurrency?: number; batch?: number; latencyMs?: number; stopAtMs?: number } = {}) {
  const clock = createVirtualClock();
  const tally = createTally();
  const requests: { ids: string[]; at: number }[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const finished = runSpike({
    ctx: {
      post: async (body) => {
        const ids = (JSON.parse(body) as { id: string }[]).map((one) => one.id);
        const request = requests.push({ ids, at: clock.now() }) - 1;
        await sleep(more.latencyMs ?? 5);
        return api(ids, request);
      },
      now: clock.now,
      sleep,
      random: () => 0.5,
      tally,
    },
    source,
    stopped: () => clock.now() >= (more.stopAtMs ?? Number.POSITIVE_INFINITY),
    concurrency: more.concurrency ?? 2,
    batch: more.batch ?? 3,
    ratePerSecond: more.ratePerSecond ?? null,
  });
  await clock.run();
  await finished;
  return { summary: tally.summary(), requests, endedAt: clock.now() };
}

const acceptAll = (ids: string[]) => verdicts(202, ids.map(accepted));

describe("runSpike", () => {
  it("sends everything once, one user's in order", async () => {
    const { summary, requests } = await run(itemsOf(["a", "b", "a", "c", "a", "b"]), acceptAll);
    expect(summary).toMatchObject({ accepted: 6, refused: 0, users: 3, retries: 0, latency: { p50Ms: 5 } });
    const sent = requests.flatMap((request) => request.ids);
    expect(sent.filter((id) => ["0", "2", "4"].includes(id))).toEqual(["0", "2", "4"]);
  });

  it("keeps the rate", async () => {
    const { requests, endedAt } = await run(itemsOf(Array.from({ length: 101 }, (_, n) => `u${n}`)), acceptAll, { ratePerSecond: 50, concurrency: 8 });
    expect(endedAt).toBeGreaterThanOrEqual(2_000);
    expect(endedAt).toBeLessThan(2_100);
    expect(requests.filter((request) => request.at < 1_000).flatMap((request) => request.ids).length).toBeLessThanOrEqual(51);
  });

  it("waits as long as it is told before it sends again, under the same ids", async () => {
    const { summary, requests } = await run(itemsOf(["a"]), (ids, request) => (request === 0 ? problem(429, undefined, 7) : acceptAll(ids)));
    expect(requests.map((request) => request.ids)).toEqual([["0"], ["0"]]);
    expect(requests[1]?.at).toBeGreaterThanOrEqual(7_000);
    expect(summary).toMatchObject({ accepted: 1, retries: 1 });
  });

  it("sends again only what has no last word", async () => {
    const { summary, requests } = await run(itemsOf(["a", "a", "a", "a"]), (ids) =>
      ids.length === 3
        ? verdicts(207, [accepted("1"), { status: "unknown", id: "2", reason: "lost" }, { status: "not_sent", id: "3", reason: "held" }])
        : acceptAll(ids),
    );
    expect(requests.map((request) => request.ids)).toEqual([["0"], ["1", "2", "3"], ["2", "3"]]);
    expect(summary).toMatchObject({ accepted: 4, retries: 1 });
  });

  it("gives up after a minute and says which are unknown and which were never taken", async () => {
    const { summary, endedAt } = await run(itemsOf(["a"]), (_, request) => (request === 0 ? { kind: "none", reason: "ECONNRESET", sent: true } : { kind: "none", reason: "ECONNREFUSED", sent: false }));
    expect(summary).toMatchObject({ accepted: 0, unknown: 1, notSent: 0, unknowns: [{ count: 1, first: "number 0" }] });
    expect(endedAt).toBeLessThanOrEqual(60_000);
    const away = await run(itemsOf(["a"]), () => ({ kind: "none", reason: "ECONNREFUSED", sent: false }));
    expect(away.summary).toMatchObject({ unknown: 0, notSent: 1 });
  });

  it("counts refusals by reason and lines that cannot be read", async () => {
    async function* source(): AsyncGenerator<SourceItem> {
      yield { kind: "unparseable", origin: "line 1", reason: "the line is empty" };
      yield* itemsOf(["a", "b"]);
    }
    const { summary } = await run(source(), (ids) => problem(422, ids.map((_, n) => ({ status: "refused", field: `activities[${n}].type`, reason: "is wrong" }))), { concurrency: 1 });
    expect(summary).toMatchObject({
      refused: 2,
      unparseable: 1,
      refusals: [{ reason: "type is wrong", count: 2, first: "number 0" }],
      unparseableLines: [{ origin: "line 1", reason: "the line is empty" }],
    });
  });

  it("stops reading when told, and finishes what it has read", async () => {
    const { summary, requests } = await run(itemsOf(Array.from({ length: 1_000 }, () => "a")), acceptAll, { ratePerSecond: 100, stopAtMs: 1_000 });
    expect(summary.accepted).toBe(requests.flatMap((request) => request.ids).length);
    expect(summary.accepted).toBeGreaterThanOrEqual(99);
    expect(summary.accepted).toBeLessThanOrEqual(101);
  });

  it("gives every activity one last word in random weather, one user's in order", async () => {
    const weather = fc.array(fc.constantFrom("ok", "ok", "shed", "reset", "half"), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 }), weather, async (users, plan) => {
        const queued: string[] = [];
        const take = (ids: string[]) => queued.push(...ids.filter((id) => !queued.includes(id)));
        const { summary } = await run(itemsOf(users), (ids, request) => {
          const kind = plan[request % plan.length];
          // The plan may be nothing but bad weather: it clears in the end.
          if (kind === "shed" && request < 8) return problem(429, undefined, 0);
          if (kind === "reset" && request < 8) {
            take(ids);
            return { kind: "none", reason: "ECONNRESET", sent: true };
          }
          if (kind === "half" && request < 8) {
            take(ids.slice(0, 1));
            return verdicts(207, ids.map((id, n) => (n === 0 ? accepted(id) : { status: "not_sent", id, reason: "held" })));
          }
          take(ids);
          return acceptAll(ids);
        });
        expect(summary.accepted).toBe(users.length);
        for (const user of ["a", "b", "c"]) {
          const mine = queued.map(Number).filter((number) => users[number] === user);
          expect(mine).toEqual([...mine].sort((a, b) => a - b));
        }
      }),
      { numRuns: 50 },
    );
  });
});
