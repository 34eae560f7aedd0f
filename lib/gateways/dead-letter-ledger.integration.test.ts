import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { activityBody, deathFacts, dyingMessage, openDeadLetters } from "#infra/testing/dead-letters.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { deadLetterDetailSchema, deadLetterListSchema } from "#lib/contracts/dead-letters.ts";
import { detail } from "#lib/services/dead-letters/detail.ts";
import { InvalidCursorError, list } from "#lib/services/dead-letters/list.ts";

const stores = useDeadLetters();
const READER = allowScript("dead_letters:read", "ada");

const page = (input: Partial<Parameters<typeof list>[0]["input"]> = {}) => list({ ctx: stores, by: READER, input: { limit: 50, ...input } });

describe("deciding", () => {
  test("a death is decided once, whoever asks at once", async () => {
    const facts = deathFacts();
    const decided = await Promise.all(Array.from({ length: 10 }, (_, n) => stores.ledger.decide({ ...facts, worker: `worker-${n}` })));
    expect(new Set(decided.map(({ death }) => death.id)).size).toBe(1);
    expect(decided.filter(({ decidedNow }) => decidedNow)).toHaveLength(1);
    expect((await page()).items).toHaveLength(1);
  });

  test("the failing message moves into the death with its attempts and history", async () => {
    const message = dyingMessage();
    for (let n = 0; n < 6; n++) await stores.failing.fail(message, { worker: "worker-b", reason: "rejected_by_table", error: `e${n}` });
    const { death } = await stores.ledger.decide(deathFacts(message));
    expect(death.attempts).toBe(6);
    expect(await stores.failing.attempts(message.messageId)).toBe(0);
    const read = await detail({ ctx: stores, by: READER, input: { id: death.id } });
    expect(deadLetterDetailSchema.parse(read)).toMatchObject({
      messageId: message.messageId,
      userId: "user-1",
      type: "page.view",
      occurredAt: "2026-01-31T12:00:00.000Z",
      sentAt: "2026-01-31T12:00:02.000Z",
      status: "open",
      awaitingSweep: false,
      redrive: null,
    });
    expect((await stores.ledger.detail(death.id))?.body).toBe(message.body);
    expect(read?.history).toHaveLength(6);
  });

  test.each([
    ["no JSON", "{"],
    ["not an object", "[1]"],
    ["a year Postgres does not know", JSON.stringify({ v: 1, activity: { userId: "u", id: "i", occurredAt: "0000-01-01T00:00:00Z" } })],
    ["a NUL in its user", JSON.stringify({ v: 9, activity: { userId: "u\0", id: 4, type: "\ud800" } })],
    ["a user id too long to index", JSON.stringify({ activity: { userId: "u".repeat(5000) } })],
    ["nothing", ""],
  ])("a body with %s still dies, and is kept as it is", async (_, body) => {
    const { death } = await stores.ledger.decide(deathFacts(dyingMessage({ body }), "malformed"));
    expect((await stores.ledger.detail(death.id))?.body).toBe(body);
  });

  test("any text can be a body or an error", async () => {
    const text = fc.string({ unit: "binary", maxLength: 60 }).map((value) => value.replaceAll("\0", ""));
    await fc.assert(
      fc.asyncProperty(text, fc.string({ unit: "binary", maxLength: 60 }), async (body, error) => {
        const { death } = await stores.ledger.decide({ ...deathFacts(dyingMessage({ body })), error });
        const read = await stores.ledger.detail(death.id);
        expect(read?.body).toBe(body);
        expect(read?.error).not.toBe("");
      }),
      { numRuns: 40 },
    );
  });
});

describe("listing", () => {
  const many = async (count: number, userId = "user-1") => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) ids.push((await stores.ledger.decide(deathFacts(dyingMessage({ body: activityBody({ userId }) })))).death.id);
    return ids;
  };

  test("paging is stable: equal times, and deaths that come while paging, neither repeat nor skip a row", async () => {
    const ids = await many(23);
    // Many die in the same millisecond.
    await stores.db.$executeRaw`UPDATE death SET died_at = date_trunc('hour', died_at) WHERE activity_id < 'a'`;
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next = deadLetterListSchema.parse(await page({ limit: 5, ...(cursor !== null && { cursor }) }));
      seen.push(...next.items.map(({ id }) => id));
      cursor = next.nextCursor;
      await many(1);
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test("filters by status and exact user", async () => {
    const [first, second] = await many(2, "anna");
    await many(2, "annab");
    await stores.ledger.resolveStored(first ?? "");
    expect((await page({ user: "anna" })).items).toHaveLength(2);
    expect((await page({ user: "anna", status: "open" })).items.map(({ id }) => id)).toEqual([second]);
    expect((await page({ status: "stored" })).items).toMatchObject([{ id: first, awaitingSweep: true }]);
    expect((await page()).counts).toEqual({
      open: { value: 3, capped: false },
      awaitingSweep: { value: 1, capped: false },
      failing: { value: 0, capped: false },
    });
  });

  test("counts stop at 10,000", async () => {
    await stores.db.$executeRaw`
      INSERT INTO death (id, queue, message_id, reason, error, attempts, worker, first_failed_at, last_failed_at, body)
      SELECT gen_random_uuid(), 'activities.fifo', n::text, 'malformed', 'e', 1, 'w', now(), now(), '' FROM generate_series(1, 10001) n`;
    expect((await page({ limit: 1 })).counts.open).toEqual({ value: 10_000, capped: true });
  });

  test.each(["", "x", "MTIz", Buffer.from("1.2").toString("base64url"), Buffer.from(`1e3.${randomUUID()}`).toString("base64url")])(
    "refuses the cursor %j",
    async (cursor) => {
      await expect(page({ cursor })).rejects.toThrow(InvalidCursorError);
    },
  );

  test("one queue never sees another's deaths", async () => {
    const [id] = await many(1);
    const other = openDeadLetters({ databaseUrl: stores.databaseUrl, queue: "others.fifo" });
    expect(await other.ledger.page({ status: null, user: null, after: null, limit: 10 })).toEqual([]);
    expect(await other.ledger.detail(id ?? "")).toBeNull();
    expect(await other.ledger.resolveStored(id ?? "")).toBe("unchanged");
    await other.close();
  });
});
