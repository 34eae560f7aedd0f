import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowScript } from "#lib/auth/scripts.ts";
import { activitySearchQuerySchema } from "#lib/contracts/activity-search.ts";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { sortKey } from "#lib/domain/activity-key.ts";
import { search } from "./search.ts";
import { decodeCursor, encodeCursor } from "./search-cursor.ts";
import { searchRange } from "./search-range.ts";

const SUPPORT = allowScript("activity:search", "test");
const instants = fc
  .integer({ min: Date.parse("2000-01-01T00:00:00.000Z"), max: Date.parse("2099-12-31T23:59:59.999Z") })
  .map((ms) => new Date(ms).toISOString());
const user = fc.string({ unit: "binary", minLength: 1 });
const bounds = fc.record({ user, from: instants, to: instants }, { requiredKeys: ["user"] });
const ids = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/);
const [FROM, TO] = ["1999-12-31T23:59:59.999Z", "2100-01-01T00:00:00.000Z"];
/** A place that a query can have come to: its key is within its range. */
const place: fc.Arbitrary<{ user: string; from?: string; to?: string; after: string }> = fc.oneof(
  fc.record({ user, after: fc.tuple(instants, ids).map(([at, id]) => sortKey(at, id)) }),
  fc.record({ user, from: fc.constant(FROM), after: fc.tuple(instants, ids).map(([at, id]) => sortKey(at, id)) }),
  fc.tuple(user, instants, ids).map(([user, at, id]) => ({ user, from: at, to: at, after: sortKey(at, id) })),
  fc.record({ user, from: fc.constant(FROM), to: fc.constant(TO), after: fc.tuple(instants, ids).map(([at, id]) => sortKey(at, id)) }),
);

function activity(user: string, number: number): StoredActivity {
  const at = new Date(Date.parse("2026-01-01T00:00:00.000Z") + number * 1000).toISOString();
  return { id: `a-${number}`, userId: user, type: "page.view", occurredAt: at, acceptedAt: at, storedAt: at };
}

/** A table in memory that pages as DynamoDB does: a last key whenever it stopped at its limit. */
function tableOf(items: readonly StoredActivity[], most = Number.POSITIVE_INFINITY) {
  const asked: unknown[] = [];
  return {
    asked,
    async queryUser(query: { userId: string; from?: string; to?: string; after?: string; limit: number }) {
      asked.push(query);
      const own = items
        .filter((item) => item.userId === query.userId && item.occurredAt >= (query.from ?? "0") && item.occurredAt <= (query.to ?? "9"))
        .toSorted((a, b) => (sortKey(a.occurredAt, a.id) < sortKey(b.occurredAt, b.id) ? 1 : -1))
        .filter((item) => query.after === undefined || sortKey(item.occurredAt, item.id) < query.after);
      const page = own.slice(0, Math.min(query.limit, most));
      const last = page.at(-1);
      return {
        items: page,
        lastSortKey: page.length === Math.min(query.limit, most) && last ? sortKey(last.occurredAt, last.id) : null,
        consumedReadUnits: 1,
      };
    },
  };
}

const now = () => Date.parse("2026-02-01T00:00:00.000Z");
const query = (input: object) => activitySearchQuerySchema.parse({ user: "ann", ...input });

async function readAll(table: ReturnType<typeof tableOf>, input: object) {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const outcome = await search({ ctx: { table, now }, by: SUPPORT, input: query({ ...input, ...(cursor !== null && { cursor }) }) });
    if (outcome.kind === "refused") throw new Error(outcome.message);
    pages.push(outcome.result.items.map((item) => item.id));
    cursor = outcome.result.nextCursor;
  } while (cursor !== null);
  return pages;
}

describe("cursor", () => {
  it("comes back as the same sort key for its own user and range", () => {
    fc.assert(
      fc.property(place, ({ after, ...rest }) => {
        expect(decodeCursor(encodeCursor({ ...rest, after }), rest)).toBe(after);
      }),
    );
  });

  it("is refused for any other user or range", () => {
    fc.assert(
      fc.property(place, bounds, ({ after, ...mine }, other) => {
        fc.pre(JSON.stringify([mine.user, mine.from, mine.to]) !== JSON.stringify([other.user, other.from, other.to]));
        expect(decodeCursor(encodeCursor({ ...mine, after }), other)).toBeNull();
      }),
    );
  });

  it("is refused when any character of it was changed, and when it is anything else", () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), ({ after, ...rest }, at, char) => {
        const cursor = encodeCursor({ ...rest, after });
        const position = at % cursor.length;
        fc.pre(cursor[position] !== char);
        expect(decodeCursor(cursor.slice(0, position) + char + cursor.slice(position + 1), rest)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(bounds, fc.string(), (rest, text) => {
        expect(decodeCursor(text, rest)).toBeNull();
      }),
    );
  });

  it("does not hold the user id", () => {
    const cursor = encodeCursor({ user: "ann@example.com", after: "2026-01-01T00:00:00.000Z#a-1" });
    expect(Buffer.from(cursor, "base64url").toString("utf8")).not.toContain("ann");
  });
});

describe("range", () => {
  it("brings offsets to fixed-width UTC", () => {
    expect(searchRange({ from: "2026-01-31T12:00:00+02:00", to: "2026-01-31T12:00:00Z" })).toEqual({
      kind: "range",
      range: { from: "2026-01-31T10:00:00.000Z", to: "2026-01-31T12:00:00.000Z" },
    });
  });

  it("rounds what is finer than a millisecond into the range", () => {
    const outcome = searchRange({ from: "2026-01-31T12:00:00.0001Z", to: "2026-01-31T12:00:01.0009Z" });
    expect(outcome).toEqual({ kind: "range", range: { from: "2026-01-31T12:00:00.001Z", to: "2026-01-31T12:00:01.000Z" } });
    expect(searchRange({ from: "2026-01-31T12:00:00.0010000Z" })).toEqual({ kind: "range", range: { from: "2026-01-31T12:00:00.001Z" } });
  });

  it("clamps what an offset pushes past the years of four digits", () => {
    expect(searchRange({ from: "0000-01-01T00:00:00+14:00", to: "9999-12-31T23:59:59-14:00" })).toEqual({
      kind: "range",
      range: { from: "0000-01-01T00:00:00.000Z", to: "9999-12-31T23:59:59.999Z" },
    });
  });

  it("refuses a range that ends before it starts, and takes one of a single instant", () => {
    expect(searchRange({ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }).kind).toBe("refused");
    expect(searchRange({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" }).kind).toBe("range");
  });
});

describe("search", () => {
  const own = Array.from({ length: 10 }, (_, number) => activity("ann", number));
  const others = Array.from({ length: 10 }, (_, number) => activity("bob", number));

  it("gives every activity of the user once, newest first, whatever the page size and wherever the table stops", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), async (limit, most) => {
        const pages = await readAll(tableOf([...others, ...own], most), { limit });
        expect(pages.flat()).toEqual(own.map((item) => item.id).toReversed());
      }),
    );
  });

  it("knows the end without an empty last page", async () => {
    expect(await readAll(tableOf(own), { limit: 5 })).toHaveLength(2);
  });

  it("includes both ends of the range", async () => {
    const pages = await readAll(tableOf(own), { from: own[2]?.occurredAt, to: own[4]?.occurredAt });
    expect(pages).toEqual([["a-4", "a-3", "a-2"]]);
  });

  it("stamps the answer with the time of asking", async () => {
    const outcome = await search({ ctx: { table: tableOf([]), now }, by: SUPPORT, input: query({}) });
    expect(outcome).toEqual({ kind: "found", result: { items: [], nextCursor: null, asOf: "2026-02-01T00:00:00.000Z" } });
  });

  it("refuses a foreign cursor before it asks the table", async () => {
    const table = tableOf(own);
    const first = await search({ ctx: { table, now }, by: SUPPORT, input: query({ limit: 1 }) });
    const cursor = first.kind === "found" ? first.result.nextCursor : null;
    expect(cursor).not.toBeNull();
    table.asked.length = 0;
    for (const input of [query({ user: "bob", cursor }), query({ from: own[0]?.occurredAt, cursor }), query({ cursor: "x" })]) {
      expect(await search({ ctx: { table, now }, by: SUPPORT, input })).toMatchObject({ kind: "refused", field: "cursor" });
    }
    expect(table.asked).toEqual([]);
  });

  it("takes user ids of 256 characters of any script and no longer ones", () => {
    expect(activitySearchQuerySchema.safeParse({ user: "𝒜".repeat(256) }).success).toBe(true);
    expect(activitySearchQuerySchema.safeParse({ user: "a".repeat(257) }).success).toBe(false);
  });
});
