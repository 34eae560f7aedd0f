import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { activityReadQuerySchema } from "#lib/contracts/activity-read.ts";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { sortKey } from "#lib/domain/activity-key.ts";
import type { ReadAdmission } from "./read-budget.ts";
import { read, type ReadContext } from "./read.ts";
import { encodeCursor } from "./search-cursor.ts";

const TYPES = ["page.view", "order.place", "login"];
const START_MS = Date.parse("2026-01-01T00:00:00.000Z");
const stillThere = new AbortController().signal;

/** Several activities of one millisecond, so that only the id tells them apart. */
function activity(userId: string, number: number): StoredActivity {
  const at = new Date(START_MS + Math.floor(number / 3) * 1_000).toISOString();
  return { id: `a-${number}`, userId, type: TYPES[number % TYPES.length] ?? "", occurredAt: at, acceptedAt: at, storedAt: at };
}

type Query = Parameters<ReadContext["table"]["queryUser"]>[0];

/** A table in memory that pages and filters as DynamoDB does. @param most items of a page, as its 1 MB would have it. */
function tableOf(items: readonly StoredActivity[], most: number) {
  const asked: Query[] = [];
  const key = (item: StoredActivity) => sortKey(item.occurredAt, item.id);
  return {
    asked,
    async queryUser(query: Query) {
      asked.push(query);
      const sign = query.newestFirst ? -1 : 1;
      const own = items
        .filter((item) => item.userId === query.userId && item.occurredAt >= (query.from ?? "0") && item.occurredAt <= (query.to ?? "9"))
        .toSorted((a, b) => (key(a) < key(b) ? -sign : sign))
        .filter((item) => query.after === undefined || (query.newestFirst ? key(item) < query.after : key(item) > query.after));
      const size = Math.min(query.limit, most);
      const looked = own.slice(0, size);
      const last = looked.at(-1);
      const wanted = query.types ?? [];
      return {
        items: looked.filter(({ type }) => wanted.length === 0 || wanted.includes(type)),
        // It stops at its limit without looking whether anything follows.
        lastSortKey: looked.length === size && last ? key(last) : null,
        consumedReadUnits: 0.5 * looked.length + 0.5,
      };
    },
  };
}

interface World {
  items?: readonly StoredActivity[];
  most?: number;
  /** Items granted to one take after the other, over and over; 0 refuses. */
  grants?: readonly number[];
}

function world({ items = [], most = 1_000, grants = [1_000] }: World = {}) {
  const table = tableOf(items, most);
  const settled: (number | null)[] = [];
  const reported: unknown[] = [];
  let takes = 0;
  const budget = {
    async take(wanted: number): Promise<ReadAdmission> {
      const granted = grants[takes++ % grants.length] ?? 0;
      if (granted === 0) return { kind: "over", retryMs: 1_500 };
      return { kind: "granted", items: Math.min(wanted, granted), settle: (units) => settled.push(units) };
    },
  };
  const ctx: ReadContext = { table, budget, now: () => START_MS, report: (event) => reported.push(event) };
  return { ctx, table, settled, reported };
}

const failingWith = (error: Error): ReadContext["table"] => ({
  async queryUser() {
    throw error;
  },
});

const ask = (ctx: ReadContext, input: object) => read({ ctx, input: { userId: "ann", ...activityReadQuerySchema.parse(input) }, signal: stillThere });

/** Follows the cursors to the end, as a client does that comes again when it is refused. */
async function readAll(ctx: ReadContext, input: object): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | null = null, refusals = 0; refusals < 1_000; ) {
    const outcome = await ask(ctx, { ...input, ...(cursor !== null && { cursor }) });
    if (outcome.kind === "over_capacity") {
      refusals += 1;
      continue;
    }
    if (outcome.kind !== "found") throw new Error(outcome.kind);
    pages.push(outcome.activities.map(({ id }) => id));
    ({ nextCursor: cursor } = outcome);
    if (cursor === null) return pages;
  }
  throw new Error("never ends");
}

describe("reading", () => {
  it("gives each activity once and in order, whatever the page, the types, the grants, and wherever the table stops", async () => {
    const positive = fc.integer({ min: 1, max: 15 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          count: fc.integer({ min: 0, max: 30 }),
          limit: positive,
          most: positive,
          grants: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 5 }).filter((all) => all.some((granted) => granted > 0)),
          order: fc.constantFrom("newest" as const, "oldest" as const),
          type: fc.option(fc.subarray(TYPES, { minLength: 1 }), { nil: undefined }),
        }),
        async ({ count, limit, most, grants, order, type }) => {
          const own = Array.from({ length: count }, (_, number) => activity("ann", number));
          const { ctx } = world({ items: [...own, activity("bob", 1)], most, grants });
          const pages = await readAll(ctx, { limit, order, ...(type && { type }) });
          const wanted = own.filter((item) => type === undefined || type.includes(item.type)).toSorted((a, b) => (sortKey(a.occurredAt, a.id) < sortKey(b.occurredAt, b.id) ? -1 : 1));
          expect(pages.flat()).toEqual((order === "oldest" ? wanted : wanted.toReversed()).map(({ id }) => id));
          expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it("knows the end without an empty last page", async () => {
    const { ctx } = world({ items: Array.from({ length: 10 }, (_, number) => activity("ann", number)) });
    expect(await readAll(ctx, { limit: 5 })).toHaveLength(2);
  });

  it("takes both ends of the range in", async () => {
    const { ctx } = world({ items: Array.from({ length: 12 }, (_, number) => activity("ann", number)) });
    expect((await readAll(ctx, { order: "oldest", from: "2026-01-01T01:00:01+01:00", to: "2026-01-01T00:00:02Z" })).flat()).toEqual(["a-3", "a-4", "a-5", "a-6", "a-7", "a-8"]);
  });

  it("settles what each Query cost, and answers with what it has once the units are spent", async () => {
    const { ctx, settled } = world({ items: Array.from({ length: 10 }, (_, number) => activity("ann", number)), grants: [2, 1, 0] });
    const outcome = await ask(ctx, { limit: 10, order: "oldest" });
    expect(outcome).toMatchObject({ kind: "found", activities: [{ id: "a-0" }, { id: "a-1" }, { id: "a-2" }] });
    expect(outcome.kind === "found" && outcome.nextCursor).not.toBeNull();
    expect(settled).toEqual([1.5, 1]);
    expect(await ask(world({ grants: [0] }).ctx, {})).toEqual({ kind: "over_capacity", retryMs: 1_500 });
  });

  it("ends a page of few matches before it costs more than one of DynamoDB's own", async () => {
    const { ctx, table, settled } = world({ items: Array.from({ length: 900 }, (_, number) => ({ ...activity("ann", number), type: "other" })) });
    const outcome = await ask(ctx, { type: ["rare"], limit: 1 });
    expect(outcome).toMatchObject({ kind: "found", activities: [] });
    expect(outcome.kind === "found" && outcome.nextCursor).not.toBeNull();
    expect(settled.reduce<number>((sum, units) => sum + (units ?? 0), 0)).toBeLessThan(2 * 128);
    expect(table.asked.every(({ limit }) => limit === 100)).toBe(true);
    expect(await readAll(ctx, { type: ["rare"], limit: 1 }).then((pages) => pages.flat())).toEqual([]);
  });

  it("refuses the cursor of another user or query before it spends anything", async () => {
    const items = ["ann", "bob"].flatMap((user) => Array.from({ length: 5 }, (_, number) => activity(user, number)));
    const { ctx, table } = world({ items });
    const query = { limit: 1, order: "oldest", type: ["login", "page.view"], to: "2026-02-01T00:00:00Z" };
    const first = await ask(ctx, query);
    const cursor = first.kind === "found" ? first.nextCursor : null;
    expect((await ask(ctx, { ...query, cursor, limit: 3, type: ["page.view", "login"] })).kind).toBe("found");
    table.asked.length = 0;
    for (const other of [{ ...query, order: "newest" }, { ...query, type: ["login"] }, { ...query, type: undefined }, { ...query, to: "2026-02-02T00:00:00Z" }, { ...query, to: undefined }]) {
      expect(await ask(ctx, { ...other, cursor })).toMatchObject({ kind: "refused", field: "cursor" });
    }
    expect(await read({ ctx, input: { ...activityReadQuerySchema.parse({ ...query, cursor }), userId: "bob" }, signal: stillThere })).toMatchObject({ kind: "refused", field: "cursor" });
    const searched = encodeCursor({ user: "ann", to: "2026-02-01T00:00:00.000Z", after: "2026-01-01T00:00:00.000Z#a-1" });
    expect(await ask(ctx, { ...query, cursor: searched })).toMatchObject({ kind: "refused" });
    expect(await ask(ctx, { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" })).toMatchObject({ kind: "refused", field: "from" });
    expect(table.asked).toEqual([]);
  });

  it("begins no further Query for somebody who has gone, and lets the one under way say what it cost", async () => {
    const gone = new AbortController();
    const { ctx, table, settled } = world({ items: Array.from({ length: 10 }, (_, number) => activity("ann", number)), grants: [2] });
    const leaving: ReadContext["table"] = {
      queryUser: async (query) => {
        gone.abort();
        return table.queryUser(query);
      },
    };
    await read({ ctx: { ...ctx, table: leaving }, input: { userId: "ann", ...activityReadQuerySchema.parse({}) }, signal: gone.signal });
    expect([table.asked.length, settled]).toEqual([1, [1.5]]);
  });

  it("counts a Query that failed as having cost the most, and says what it means", async () => {
    const failing = async (error: Error, grants?: number[]) => {
      const { ctx, settled, reported } = world({ ...(grants && { grants }) });
      const outcome = await ask({ ...ctx, table: failingWith(error) }, {});
      expect(settled).toEqual([null]);
      expect(reported).toHaveLength(1);
      return outcome;
    };
    expect(await failing(Object.assign(new Error("slow down"), { name: "ProvisionedThroughputExceededException" }))).toMatchObject({ kind: "over_capacity" });
    expect(await failing(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toEqual({ kind: "unavailable", what: "table" });
    expect(await failing(Object.assign(new Error("late"), { name: "TimeoutError" }))).toEqual({ kind: "unavailable", what: "table" });
    const { ctx } = world();
    const away = { ...ctx, budget: { take: () => Promise.resolve({ kind: "unavailable" } as const) } };
    expect(await ask(away, {})).toEqual({ kind: "unavailable", what: "budget" });
    const ours = { ...ctx, table: failingWith(Object.assign(new Error("bad expression"), { name: "ValidationException" })) };
    await expect(ask(ours, {})).rejects.toThrow("bad expression");
  });
});
