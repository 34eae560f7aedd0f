import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { apiKeySchema } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { type ApiKeys, createApiKeys, type NewApiKeyRow } from "#lib/gateways/api-keys.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createKeyRing, KEY_RING_TIMES } from "#lib/services/api-keys/key-ring.ts";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;
let sql: pg.Client;
let keys: ApiKeys;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 4 });
  sql = new pg.Client({ connectionString: postgres.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await db?.$disconnect();
  await postgres?.close();
});
beforeEach(() => {
  keys = createApiKeys({ db, queue: "activities.fifo" });
});
afterEach(() => sql.query("DELETE FROM api_key"));

function row(more: Partial<NewApiKeyRow> = {}): NewApiKeyRow & { header: string } {
  const { id, key, hash } = newApiKey();
  return { id, hash, name: "shop", scopes: ["ingest"], createdBy: "Ada", lifetimeSeconds: null, ...more, header: `Bearer ${key}` };
}

async function made(more: Partial<NewApiKeyRow> = {}) {
  const given = row(more);
  const result = await keys.insert(given);
  if (result.outcome !== "created") throw new Error(result.outcome);
  return { ...given, apiKey: apiKeySchema.parse(result.apiKey) };
}

/** As if so much time had passed since the key was made. */
const age = (id: string, seconds: number) =>
  sql.query("UPDATE api_key SET created_at = created_at - make_interval(secs => $2), expires_at = expires_at - make_interval(secs => $2) WHERE id = $1", [id, seconds]);

describe("making keys", () => {
  it("keeps the hash and no piece of the secret", async () => {
    const { header, hash, apiKey } = await made({ lifetimeSeconds: 86_400 });
    expect(apiKey).toMatchObject({ name: "shop", scopes: ["ingest"], state: "live", createdBy: "Ada", lastUsedAt: null, rotatedFrom: null });
    expect(Date.parse(apiKey.expiresAt ?? "") - Date.parse(apiKey.createdAt)).toBe(86_400_000);
    const { rows } = await sql.query<{ text: string; hash: string }>("SELECT api_key::text AS text, hash FROM api_key");
    expect(rows[0]?.hash).toBe(hash);
    expect(rows[0]?.text).not.toContain(header.slice(-43));
  });

  it("has two live keys of a name at once and not three, also where ten ask at the same time", async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => keys.insert(row())));
    expect(outcomes.filter(({ outcome }) => outcome === "created")).toHaveLength(2);
    expect(outcomes.filter(({ outcome }) => outcome === "name_in_use")).toHaveLength(8);
    const [one] = outcomes.flatMap((result) => (result.outcome === "created" ? [result.apiKey.id] : []));
    await keys.revoke({ id: one ?? "", by: "Ada" });
    expect((await keys.insert(row())).outcome).toBe("created");
    expect((await keys.insert(row({ name: "help desk" }))).outcome).toBe("created");
  });

  it("is of one queue only", async () => {
    const { id } = await made();
    const other = createApiKeys({ db, queue: "other.fifo" });
    expect(await other.list({ endedLimit: 10 })).toEqual({ items: [], moreEnded: false });
    expect(await other.active()).toEqual([]);
    expect(await other.revoke({ id, by: "Eve" })).toEqual({ outcome: "not_found" });
    const { id: next, hash } = newApiKey();
    expect(await other.rotate({ from: id, id: next, hash, createdBy: "Eve", overlapSeconds: null })).toEqual({ outcome: "not_found" });
    expect((await keys.find(id))?.state).toBe("live");
  });
});

describe("rotating", () => {
  const rotate = (from: string, overlapSeconds: number | null) => {
    const { id, hash } = newApiKey();
    return keys.rotate({ from, id, hash, createdBy: "Bob", overlapSeconds });
  };

  it("makes a second key like the first, which ends after the overlap", async () => {
    const old = await made({ scopes: ["ingest", "read"], lifetimeSeconds: 86_400 });
    await age(old.id, 43_200);
    const result = await rotate(old.id, 3_600);
    if (result.outcome !== "created") throw new Error(result.outcome);
    expect(result.apiKey).toMatchObject({ name: "shop", scopes: ["ingest", "read"], createdBy: "Bob", rotatedFrom: old.id, state: "live" });
    expect(Date.parse(result.apiKey.expiresAt ?? "") - Date.parse(result.apiKey.createdAt)).toBe(86_400_000);
    expect((await keys.active()).map(({ id }) => id).sort()).toEqual([old.id, result.apiKey.id].sort());
    const ends = Date.parse((await keys.find(old.id))?.expiresAt ?? "") - Date.parse(result.apiKey.createdAt);
    expect(Math.abs(ends - 3_600_000)).toBeLessThan(1_000);
    expect((await rotate(old.id, null)).outcome).toBe("name_in_use");
  });

  it("never lengthens the old key's life, and leaves it where no overlap is named", async () => {
    const short = await made({ lifetimeSeconds: 60 });
    await rotate(short.id, 3_600);
    expect((await keys.find(short.id))?.expiresAt).toBe(short.apiKey.expiresAt);
    const endless = await made({ name: "desk" });
    await rotate(endless.id, null);
    expect((await keys.find(endless.id))?.expiresAt).toBeNull();
  });

  it("refuses what is not live", async () => {
    const [expired, revoked] = [await made({ lifetimeSeconds: 60 }), await made()];
    await age(expired.id, 61);
    await keys.revoke({ id: revoked.id, by: "Ada" });
    expect(await rotate(expired.id, null)).toMatchObject({ outcome: "not_live", apiKey: { state: "expired" } });
    expect(await rotate(revoked.id, null)).toMatchObject({ outcome: "not_live", apiKey: { state: "revoked" } });
    expect(await rotate("AAAAAAAAAAAA", null)).toEqual({ outcome: "not_found" });
  });
});

it("revokes once, and names who did it first", async () => {
  const { id } = await made();
  expect(await keys.revoke({ id, by: "Ada" })).toMatchObject({ outcome: "revoked", apiKey: { state: "revoked", revokedBy: "Ada" } });
  expect(await keys.revoke({ id, by: "Bob" })).toMatchObject({ outcome: "already_revoked", apiKey: { revokedBy: "Ada" } });
});

it("lists every live key and the latest that are not", async () => {
  for (const n of [1, 2, 3]) {
    const { id } = await made({ name: `old ${n}` });
    await keys.revoke({ id, by: "Ada" });
  }
  const live = await made();
  const { items, moreEnded } = await keys.list({ endedLimit: 2 });
  expect(items.map(({ name }) => name)).toEqual(["shop", "old 3", "old 2"]);
  expect(items[0]?.id).toBe(live.id);
  expect(moreEnded).toBe(true);
  expect((await keys.list({ endedLimit: 3 })).moreEnded).toBe(false);
});

it("notes the last use, never an earlier one over a later one", async () => {
  const { id } = await made();
  const lastUsed = async () => Date.parse((await keys.find(id))?.lastUsedAt ?? "");
  await keys.markUsed([{ id, usedAgoMs: 5_000 }]);
  const at = await lastUsed();
  await keys.markUsed([{ id, usedAgoMs: 60_000 }, { id: "AAAAAAAAAAAA", usedAgoMs: 0 }]);
  expect(await lastUsed()).toBe(at);
  await keys.markUsed([{ id, usedAgoMs: 0 }]);
  expect(await lastUsed()).toBeGreaterThan(at);
});

describe("two processes with a ring each", () => {
  /** A ring over the real database whose time moves when told. */
  function ringOf() {
    let time = 0;
    let next: { at: number; action: () => void } | null = null;
    let read = Promise.withResolvers<void>();
    const ring = createKeyRing({
      keys: {
        active: () => keys.active(),
        markUsed: (uses) => keys.markUsed(uses),
      },
      clock: {
        now: () => time,
        after(delayMs, action) {
          next = { at: time + delayMs, action };
          read.resolve();
          return () => {
            next = null;
          };
        },
      },
      maxAgeMs: 3_600_000,
      report: () => undefined,
    });
    return {
      ring,
      /** Lets time pass; each read that falls due is waited for. */
      pass: async (ms: number) => {
        const end = time + ms;
        while (next !== null && next.at <= end) {
          const { at, action } = next;
          next = null;
          time = at;
          read = Promise.withResolvers<void>();
          action();
          await read.promise;
        }
        time = end;
      },
    };
  }

  it("both refuse a revoked key within 30 s, and take the one made to replace it", async () => {
    const rings = [ringOf(), ringOf()];
    const old = await made();
    await Promise.all(rings.map(({ ring }) => ring.start()));
    const opens = (header: string) => rings.map(({ ring }) => ring.authenticate(header, "ingest").ok);
    expect(opens(old.header)).toEqual([true, true]);

    const { id, key, hash } = newApiKey();
    await keys.rotate({ from: old.id, id, hash, createdBy: "Ada", overlapSeconds: null });
    await Promise.all(rings.map(({ pass }) => pass(KEY_RING_TIMES.refreshMs)));
    expect([opens(old.header), opens(`Bearer ${key}`)]).toEqual([[true, true], [true, true]]);
    expect((await keys.find(old.id))?.lastUsedAt).not.toBeNull();

    await keys.revoke({ id: old.id, by: "Ada" });
    await Promise.all(rings.map(({ pass }) => pass(30_000)));
    expect([opens(old.header), opens(`Bearer ${key}`)]).toEqual([[false, false], [true, true]]);
    for (const { ring } of rings) await ring.stop();
  });
});
