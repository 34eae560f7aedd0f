import { expect, test, vi } from "vitest";
import { allowScript } from "#lib/auth/scripts.ts";
import { auditListQuerySchema } from "#lib/contracts/audit.ts";
import { list } from "./list.ts";

const by = allowScript("audit:read", "test");
const acts = (count: number) => Array.from({ length: count }, (_, index) => ({ links: { first: { seq: 100 - index } } }) as never);

test("a page knows where the next one begins; the last one knows that it is the last", async () => {
  const read = vi.fn(async (_: unknown, { limit }: { limit: number }) => acts(Math.min(limit, 3)));
  const ctx = { audit: { acts: read, isProtected: async () => true } };
  expect(await list({ ctx, by, input: { limit: 2 } })).toMatchObject({ items: { length: 2 }, nextBefore: 99, protected: true });
  expect(await list({ ctx, by, input: { limit: 3 } })).toMatchObject({ items: { length: 3 }, nextBefore: null });
});

test("the filter reaches the log as it is meant", async () => {
  const read = vi.fn(async () => []);
  const input = auditListQuerySchema.parse({ who: " ada ", action: "drain.rate", outcome: "none", from: "2026-01-01T00:00:00Z", before: "7", limit: "5" });
  await list({ ctx: { audit: { acts: read, isProtected: async () => false } }, by, input });
  expect(read).toHaveBeenCalledWith({ id: undefined, who: "ada", actions: ["drain.rate"], outcome: "none", from: new Date("2026-01-01"), to: undefined }, { before: 7, limit: 6 });
});

test.each([{ action: "drain.none" }, { outcome: "maybe" }, { from: "yesterday" }, { before: "0" }, { before: "1e300" }, { before: "NaN" }, { limit: "-1" }, { limit: "100000" }, { who: "x".repeat(400) }])("%j is refused", (query) => {
  expect(auditListQuerySchema.safeParse(query).success).toBe(false);
});
